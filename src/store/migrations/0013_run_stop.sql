-- Why a run stopped in a target before the end of its operations there, in the words that its
-- command said: the newest cause; none once the run writes there again.
CREATE TABLE run_stop (
    run    INTEGER NOT NULL REFERENCES run (id),
    target TEXT NOT NULL,
    at     TEXT NOT NULL,
    what   TEXT NOT NULL,
    -- What to do; empty where nothing is to be done.
    hint   TEXT NOT NULL,
    PRIMARY KEY (run, target)
) STRICT;
