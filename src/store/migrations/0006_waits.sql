-- Records that wait for a correction, another school or an answer, and how long they did: the
-- deadlines are told from here, and from the journal. Written when a run begins.
CREATE TABLE record_wait (
    id        INTEGER PRIMARY KEY,
    uai       TEXT NOT NULL,
    source    TEXT NOT NULL,
    number    TEXT NOT NULL,
    cause     TEXT NOT NULL,
    -- Receipt of the delivery in which it began to wait: never moves (R-08).
    since     TEXT NOT NULL,
    -- The first run that it does not wait in any more, and the receipt of the delivery in force then.
    left_run  INTEGER REFERENCES run (id),
    left_at   TEXT,
    net_since TEXT
) STRICT;
CREATE UNIQUE INDEX record_wait_open ON record_wait (uai, source, number) WHERE left_run IS NULL;
CREATE INDEX record_wait_left ON record_wait (left_run);
CREATE TRIGGER record_wait_begins_once BEFORE UPDATE ON record_wait
WHEN OLD.left_run IS NOT NULL OR NEW.since > OLD.since
     OR (NEW.id, NEW.uai, NEW.source, NEW.number) IS NOT (OLD.id, OLD.uai, OLD.source, OLD.number)
BEGIN SELECT RAISE(ABORT, 'a wait is ended once, and its clock is never set back'); END;
CREATE TRIGGER record_wait_is_kept BEFORE DELETE ON record_wait
BEGIN SELECT RAISE(ABORT, 'a wait is ended, never deleted'); END;
