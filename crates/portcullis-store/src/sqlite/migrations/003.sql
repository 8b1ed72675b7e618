-- What SQLite is to take into account when it chooses an index: that a workspace may have very many rows, of which few refer to one role or one member.
-- Left to guess, it looks through every member of a workspace to see whether one still has a role that is removed.
-- Counting what is there would tell it nothing about what will be.

ANALYZE realm;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('members', 'members', '1000000 1000000 1'),
    ('members', 'sqlite_autoindex_members_2', '1000000 1000000 1'),
    ('members', 'members_by_role', '1000000 1000000 10 1'),
    ('invitations', 'invitations', '1000000 1000000 1'),
    ('invitations', 'invitations_pending', '1000000 1000000 1 1'),
    ('invitations', 'invitations_by_role', '1000000 1000000 10 1'),
    ('api_keys', 'api_keys', '1000000 1000000 1'),
    ('api_keys', 'api_keys_by_member', '1000000 1000000 10 1');
ANALYZE sqlite_schema;
