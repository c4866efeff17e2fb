-- Made under a clock that was not the wall's.
ALTER TABLE run ADD COLUMN rehearsed INTEGER NOT NULL DEFAULT 0;

-- By what a store knows the keys that it was filled with; never the keys.
CREATE TABLE witness (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Entries with our mark that the registry does not know, and that a person has seen: she confirmed
-- the plan that told of them.
CREATE TABLE acknowledged_stray (
    target TEXT NOT NULL,
    object TEXT NOT NULL,
    dn     TEXT NOT NULL,
    run    INTEGER NOT NULL REFERENCES run (id),
    at     TEXT NOT NULL,
    PRIMARY KEY (target, object, dn)
) STRICT, WITHOUT ROWID;
