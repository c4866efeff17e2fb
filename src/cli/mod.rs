//! What was typed, what is said, and the exit status.
