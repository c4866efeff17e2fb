-- What a run replaced, for taking it back (R-47); who let a plan pass its guards (SEC-42); and the
-- entries that a plan was made from (SEC-43).

-- The run that a plan takes back.
ALTER TABLE run ADD COLUMN undoes INTEGER REFERENCES run (id);
-- Begun since this table is kept: a person or workspace without a row was not there before.
ALTER TABLE run ADD COLUMN keeps_before INTEGER NOT NULL DEFAULT 0;

CREATE TABLE registry_before (
    run      INTEGER NOT NULL REFERENCES run (id),
    part     TEXT NOT NULL CHECK (part IN ('person', 'workspace', 'basis')),
    object   TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, part, object)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER registry_before_stays BEFORE UPDATE ON registry_before
BEGIN SELECT RAISE(ABORT, 'what stood before a run is never changed'); END;

-- The standing entries that a plan changes, as they were seen.
CREATE TABLE plan_expected (
    run    INTEGER NOT NULL REFERENCES run (id),
    target TEXT NOT NULL,
    object TEXT NOT NULL,
    dn     TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, target, object)
) STRICT, WITHOUT ROWID;

-- A person approved a plan that its guards stop, or lifted them.
CREATE TABLE assent (
    id          INTEGER PRIMARY KEY,
    run         INTEGER NOT NULL REFERENCES run (id),
    plan_hash   TEXT NOT NULL,
    act         TEXT NOT NULL CHECK (act IN ('approved', 'lifted')),
    who         TEXT NOT NULL,
    system_user TEXT NOT NULL,
    reason      TEXT NOT NULL,
    at          TEXT NOT NULL
) STRICT;
CREATE INDEX assent_hash ON assent (plan_hash);
CREATE TRIGGER assent_is_given_once BEFORE UPDATE ON assent
BEGIN SELECT RAISE(ABORT, 'an assent is never changed'); END;
CREATE TRIGGER assent_is_kept BEFORE DELETE ON assent
BEGIN SELECT RAISE(ABORT, 'an assent is never deleted'); END;
