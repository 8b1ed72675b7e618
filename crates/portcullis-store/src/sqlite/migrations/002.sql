-- What belongs to no workspace: the operator's keys and the setup code, as hashes, under names.

CREATE TABLE realm (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
