-- What a target refuses whatever is tried: counted over runs, set aside after a few of them, and
-- listed until it is solved. One line an operation of one content: other content is tried anew.
CREATE TABLE refused (
    target   TEXT NOT NULL,
    object   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    -- SHA-256 of the action: values of people are not kept twice.
    content  TEXT NOT NULL,
    uai      TEXT,
    tries    INTEGER NOT NULL,
    first_at TEXT NOT NULL,
    last_at  TEXT NOT NULL,
    -- The server's words, without the values that they quote.
    detail   TEXT NOT NULL,
    PRIMARY KEY (target, object, kind, content)
) STRICT, WITHOUT ROWID;
