//! What cron relies on, through the real binary.
