-- Instants are text in UTC with nine decimals: exact, readable, and in order when sorted.
-- Documents are JSON: the shape of src/model and src/plan; columns beside them are what is searched.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('generation', 0);

-- Registry ----------------------------------------------------------------------------------

CREATE TABLE person (
    id       INTEGER PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;
-- A number is never given again: the next one is the highest plus one.
CREATE TRIGGER person_stays BEFORE DELETE ON person
BEGIN SELECT RAISE(ABORT, 'a person of the registry is never deleted'); END;

-- Not unique: two people may wrongly carry one number (identity-conflict), and both are kept.
CREATE TABLE identifier (
    identifier TEXT NOT NULL,
    person     INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (identifier, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifier_person ON identifier (person);

-- Every name ever given, for ever (R-17): one holder a name and form, never moved, never deleted.
CREATE TABLE name (
    form     TEXT NOT NULL CHECK (form IN ('login', 'short-login', 'mail-local')),
    name     TEXT NOT NULL,
    person   INTEGER NOT NULL REFERENCES person (id),
    given_at TEXT NOT NULL,
    PRIMARY KEY (name, form)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_person ON name (person);
-- REPLACE deletes without firing the trigger below.
CREATE TRIGGER name_is_given_once BEFORE INSERT ON name
WHEN EXISTS (SELECT 1 FROM name WHERE name = NEW.name AND form = NEW.form)
BEGIN SELECT RAISE(ABORT, 'R-17: a name is given once'); END;
CREATE TRIGGER name_never_moves BEFORE UPDATE ON name
BEGIN SELECT RAISE(ABORT, 'R-17: a name is never given to somebody else'); END;
CREATE TRIGGER name_never_leaves BEFORE DELETE ON name
BEGIN SELECT RAISE(ABORT, 'R-17: a name stays reserved'); END;

CREATE TABLE workspace (
    uai      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    code     TEXT NOT NULL,
    name     TEXT NOT NULL COLLATE NOCASE UNIQUE,
    document TEXT NOT NULL,
    PRIMARY KEY (uai, kind, code)
) STRICT, WITHOUT ROWID;

-- Deliveries --------------------------------------------------------------------------------

-- What was received, refused or not; the first instant counts and never moves later (R-08).
CREATE TABLE receipt (
    digest      TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    received_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER receipt_never_moves_later BEFORE UPDATE ON receipt
WHEN NEW.received_at > OLD.received_at
BEGIN SELECT RAISE(ABORT, 'R-08: a receipt instant never moves later'); END;

CREATE TABLE delivery (
    digest      TEXT PRIMARY KEY REFERENCES receipt (digest),
    uai         TEXT NOT NULL,
    source      TEXT NOT NULL,
    header      TEXT NOT NULL,
    exported_at TEXT,
    counts      TEXT NOT NULL,
    findings    TEXT NOT NULL,
    -- Absent once forgotten (requirements 3.2).
    content     TEXT
) STRICT;
CREATE INDEX delivery_school ON delivery (uai, source);

CREATE TABLE refusal (
    digest  TEXT PRIMARY KEY REFERENCES receipt (digest),
    finding TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Runs and plans ----------------------------------------------------------------------------

CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    command     TEXT NOT NULL,
    state       TEXT NOT NULL
                CHECK (state IN ('planned', 'stopped', 'applying', 'applied', 'interrupted')),
    made_at     TEXT NOT NULL,
    started_at  TEXT,
    finished_at TEXT,
    plan_hash   TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    header      TEXT NOT NULL,
    report      TEXT
) STRICT;
CREATE INDEX run_hash ON run (plan_hash);

-- What the plan writes into the registry.
CREATE TABLE plan_change (
    run      INTEGER NOT NULL REFERENCES run (id),
    part     TEXT NOT NULL CHECK (part IN ('person', 'workspace')),
    seq      INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, part, seq)
) STRICT;

CREATE TABLE plan_operation (
    run      INTEGER NOT NULL REFERENCES run (id),
    seq      INTEGER NOT NULL,
    target   TEXT NOT NULL,
    stage    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    uai      TEXT,
    object   TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT;
CREATE INDEX plan_operation_stage ON plan_operation (run, target, stage, seq);
CREATE INDEX plan_operation_object ON plan_operation (object);
CREATE TRIGGER plan_is_immutable BEFORE UPDATE ON plan_operation
BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;

-- Where each operation is; no row: planned. Apart from the plan, so that a batch of outcomes
-- writes a few small pages.
CREATE TABLE operation_state (
    run      INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    state    TEXT NOT NULL CHECK
             (state IN ('planned', 'started', 'done', 'already', 'failed', 'stale', 'blocked')),
    attempts INTEGER NOT NULL,
    detail   TEXT,
    at       TEXT NOT NULL,
    PRIMARY KEY (run, seq),
    FOREIGN KEY (run, seq) REFERENCES plan_operation (run, seq)
) STRICT, WITHOUT ROWID;

-- The deliveries of the last run that was begun.
CREATE TABLE basis (
    uai    TEXT NOT NULL,
    source TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES delivery (digest),
    run    INTEGER NOT NULL REFERENCES run (id),
    PRIMARY KEY (uai, source)
) STRICT, WITHOUT ROWID;

-- Journal -----------------------------------------------------------------------------------

CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    event   TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at      TEXT NOT NULL,
    detail  TEXT,
    FOREIGN KEY (run, seq) REFERENCES plan_operation (run, seq)
) STRICT;
CREATE INDEX journal_operation ON journal (run, seq);
CREATE UNIQUE INDEX journal_started ON journal (run, seq, attempt) WHERE event = 'started';
CREATE TRIGGER journal_is_written_once BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Initial secrets, sealed for whoever prints the sheets (SEC-14).
CREATE TABLE sealed_secret (
    id         INTEGER PRIMARY KEY,
    person     INTEGER NOT NULL REFERENCES person (id),
    target     TEXT NOT NULL,
    run        INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    login      TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (person, target, run, seq, attempt)
) STRICT;
