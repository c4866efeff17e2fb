-- What the client of a target wants to know again next time: how far it has read, how fast it went.
CREATE TABLE target_memory (
    target   TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;
