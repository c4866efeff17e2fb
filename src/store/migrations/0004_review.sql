-- Doubtful matches: what was asked, what people answered, and which record was given to whom.
-- Nothing here is deleted by the program; what is no longer needed is for the retention to take.

-- One question: a record, on certain facts, and the persons that it may be. Other facts or other
-- persons are another question, with a number of its own: an answer is for what was shown.
CREATE TABLE question (
    id             INTEGER PRIMARY KEY,
    uai            TEXT NOT NULL,
    source         TEXT NOT NULL,
    number         TEXT NOT NULL,
    -- Fingerprint of INE, names and birth date, in hexadecimal.
    facts          TEXT NOT NULL,
    about          TEXT NOT NULL,
    why            TEXT NOT NULL,
    -- What the record says, INE as keyed hashes.
    record         TEXT NOT NULL,
    -- Candidates, line by line; absent when an identifier made the doubt.
    weighing       TEXT,
    rules          INTEGER NOT NULL,
    -- Since when the record has waited, under this question or the ones that it replaced.
    first_asked_at TEXT NOT NULL,
    last_seen_at   TEXT NOT NULL,
    -- own-account: open, but the record has waited long enough and is a person of its own.
    state          TEXT NOT NULL CHECK (state IN ('open', 'own-account', 'answered', 'gone'))
) STRICT;
CREATE INDEX question_record ON question (uai, source, number);
CREATE INDEX question_state ON question (state);
CREATE TRIGGER question_is_what_was_asked BEFORE UPDATE ON question
WHEN (NEW.id, NEW.uai, NEW.source, NEW.number, NEW.facts, NEW.about, NEW.first_asked_at)
     IS NOT (OLD.id, OLD.uai, OLD.source, OLD.number, OLD.facts, OLD.about, OLD.first_asked_at)
BEGIN SELECT RAISE(ABORT, 'a question is about what it was asked about'); END;

CREATE TABLE answer (
    id          INTEGER PRIMARY KEY,
    question    INTEGER NOT NULL REFERENCES question (id),
    verdict     TEXT NOT NULL CHECK (verdict IN ('same', 'different', 'later')),
    -- Whom it is about, in a list: one for `same`.
    persons     TEXT NOT NULL,
    who         TEXT NOT NULL,
    at          TEXT NOT NULL,
    why         TEXT NOT NULL,
    -- The question as it stood: facts, evidence, version of the rules.
    shown       TEXT NOT NULL,
    -- The persons concerned as they were: what an undone answer goes back to.
    before      TEXT NOT NULL,
    -- The last link that stood then: what is given later is not taken back by this.
    links_seen  INTEGER NOT NULL,
    undone_at   TEXT,
    undone_by   TEXT,
    undone_why  TEXT,
    undone_seen INTEGER
) STRICT;
CREATE INDEX answer_question ON answer (question);
CREATE TRIGGER answer_is_given_once BEFORE UPDATE ON answer
WHEN OLD.undone_at IS NOT NULL
     OR (NEW.id, NEW.question, NEW.verdict, NEW.persons, NEW.who, NEW.at, NEW.why, NEW.shown,
         NEW.before, NEW.links_seen)
        IS NOT (OLD.id, OLD.question, OLD.verdict, OLD.persons, OLD.who, OLD.at, OLD.why,
                OLD.shown, OLD.before, OLD.links_seen)
BEGIN SELECT RAISE(ABORT, 'an answer is undone, never changed'); END;
CREATE TRIGGER answer_is_kept BEFORE DELETE ON answer
BEGIN SELECT RAISE(ABORT, 'an answer is undone, never deleted'); END;

-- Which record was given to whom, on what evidence; written with the registry when the number of
-- the record is new to the person.
CREATE TABLE link (
    id       INTEGER PRIMARY KEY,
    uai      TEXT NOT NULL,
    source   TEXT NOT NULL,
    number   TEXT NOT NULL,
    person   INTEGER NOT NULL REFERENCES person (id),
    evidence TEXT NOT NULL,
    -- Candidates, line by line, when evidence was weighed.
    weighing TEXT,
    at       TEXT NOT NULL
) STRICT;
CREATE INDEX link_person ON link (person);
CREATE INDEX link_record ON link (uai, source, number);

-- Links of a plan that is not applied yet.
CREATE TABLE plan_link (
    run      INTEGER NOT NULL REFERENCES run (id),
    seq      INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- How many answers had been given or undone when a plan was made: one more makes it stale.
CREATE TABLE plan_answers (
    run     INTEGER PRIMARY KEY REFERENCES run (id),
    changes INTEGER NOT NULL
) STRICT;
