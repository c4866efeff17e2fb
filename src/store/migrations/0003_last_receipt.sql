-- Beside the first receipt, which starts the clock (R-08): the last one that says something, which
-- dates a file without a date of its own, and the last one that was looked at.
ALTER TABLE receipt ADD COLUMN last_received_at TEXT NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN heard_at TEXT NOT NULL DEFAULT '';
UPDATE receipt SET last_received_at = received_at, heard_at = received_at;
