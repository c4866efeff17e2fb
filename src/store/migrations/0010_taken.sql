-- Logins that a target refused for an account to be made, as a name of it is somebody else's where
-- our look does not see him. The last refusal of each; never deleted: it counts how many were tried.
CREATE TABLE taken_name (
    person INTEGER NOT NULL REFERENCES person (id),
    login  TEXT NOT NULL,
    target TEXT NOT NULL,
    run    INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     TEXT NOT NULL,
    PRIMARY KEY (person, login, target),
    FOREIGN KEY (run, seq) REFERENCES plan_operation (run, seq)
) STRICT, WITHOUT ROWID;
