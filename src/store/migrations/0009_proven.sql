-- When an operation was seen to stand, by reading its target again after the writing (t1 of the
-- 72 hours). Null: only the target's own word for it is known, with its instant in `at`.
ALTER TABLE operation_state ADD COLUMN proven_at TEXT;
