-- Every table's key begins with the workspace, so that no query can reach into another by an id alone.
-- Ids are 16 bytes, hashes 32, times milliseconds since 1970. References are looked at when a change is committed.

CREATE TABLE workspaces (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    schema TEXT NOT NULL,
    default_role BLOB,
    settings TEXT NOT NULL,
    created INTEGER NOT NULL,
    FOREIGN KEY (id, default_role) REFERENCES roles (workspace, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE roles (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    built_in INTEGER NOT NULL,
    current INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, folded),
    FOREIGN KEY (workspace) REFERENCES workspaces (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- Versions outlive their role.
CREATE TABLE role_versions (
    workspace BLOB NOT NULL,
    role BLOB NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    author TEXT NOT NULL,
    created INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (workspace, role, number),
    FOREIGN KEY (workspace) REFERENCES workspaces (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    folded TEXT NOT NULL,
    kind TEXT NOT NULL,
    role BLOB NOT NULL,
    properties TEXT,
    suspended INTEGER NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, folded),
    FOREIGN KEY (workspace, role) REFERENCES roles (workspace, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_role ON members (workspace, role);

CREATE TABLE groups (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, folded),
    FOREIGN KEY (workspace) REFERENCES workspaces (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    workspace BLOB NOT NULL,
    "group" BLOB NOT NULL,
    member BLOB NOT NULL,
    PRIMARY KEY (workspace, "group", member),
    FOREIGN KEY (workspace, "group") REFERENCES groups (workspace, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, member) REFERENCES members (workspace, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_member ON group_members (workspace, member);

CREATE TABLE group_roles (
    workspace BLOB NOT NULL,
    "group" BLOB NOT NULL,
    role BLOB NOT NULL,
    PRIMARY KEY (workspace, "group", role),
    FOREIGN KEY (workspace, "group") REFERENCES groups (workspace, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, role) REFERENCES roles (workspace, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX group_roles_by_role ON group_roles (workspace, role);

-- Who sent an invitation may be gone.
CREATE TABLE invitations (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    email TEXT NOT NULL,
    folded TEXT NOT NULL,
    role BLOB,
    hash BLOB NOT NULL,
    inviter BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    state INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace) REFERENCES workspaces (id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, role) REFERENCES roles (workspace, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX invitations_pending ON invitations (workspace, folded) WHERE state = 0;
CREATE INDEX invitations_by_role ON invitations (workspace, role);

CREATE TABLE api_keys (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    member BLOB NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    scopes TEXT NOT NULL,
    policy TEXT,
    parent BLOB,
    created INTEGER NOT NULL,
    expires INTEGER,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, member) REFERENCES members (workspace, id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_member ON api_keys (workspace, member);

-- Apart, so that noting a use writes a few bytes and disturbs no key.
CREATE TABLE key_uses (
    workspace BLOB NOT NULL,
    key BLOB NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (workspace, key),
    FOREIGN KEY (workspace, key) REFERENCES api_keys (workspace, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
    workspace BLOB NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    properties TEXT,
    PRIMARY KEY (workspace, kind, id),
    FOREIGN KEY (workspace) REFERENCES workspaces (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE rules (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, name),
    FOREIGN KEY (workspace) REFERENCES workspaces (id) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- The operator's own trail is that of sixteen zero bytes, which no workspace has.
CREATE TABLE audit (
    workspace BLOB NOT NULL,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    credential BLOB,
    address TEXT,
    request TEXT,
    operation TEXT NOT NULL,
    done INTEGER NOT NULL,
    payload TEXT,
    salt BLOB NOT NULL,
    payload_hash BLOB,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (workspace, number)
) STRICT;
