//! Rows to SQL and back: one statement for each thing that is done to a table.

use std::sync::LazyLock;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

use crate::Id;
use crate::rows::{
    ApiKey, Group, Invitation, InvitationState, Key, Member, Object, Role, RoleVersion, Row, Rule, Workspace,
};

type Sql<T> = rusqlite::Result<T>;

impl ToSql for Id {
    fn to_sql(&self) -> Sql<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(&self.as_bytes()[..]))
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(Id::from_bytes)
    }
}

impl ToSql for InvitationState {
    fn to_sql(&self) -> Sql<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(match self {
            InvitationState::Pending => 0,
            InvitationState::Accepted => 1,
            InvitationState::Cancelled => 2,
        }))
    }
}

impl FromSql for InvitationState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(InvitationState::Pending),
            1 => Ok(InvitationState::Accepted),
            2 => Ok(InvitationState::Cancelled),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

const WORKSPACE: &str = "id, name, epoch, revision, schema, default_role, settings, created";
const ROLE: &str = "id, version, name, folded, built_in, current";
const ROLE_VERSION: &str = "role, number, document, author, created, note";
const MEMBER: &str = "id, version, subject, folded, kind, role, properties, suspended, created";
const GROUP: &str = "id, version, name, folded";
const INVITATION: &str = "id, version, email, folded, role, hash, inviter, created, expires, state";
const API_KEY: &str = "id, version, member, name, hash, scopes, policy, parent, created, expires, used";
const OBJECT: &str = "kind, id, version, properties";
const RULE: &str = "id, version, name, text";

/// Keys with when they were last used.
const KEYS_AND_USES: &str =
    "api_keys AS k LEFT JOIN key_uses AS u ON u.workspace = k.workspace AND u.key = k.id";

/// Epochs are any 64 bits, and SQLite knows signed numbers only.
fn workspace(row: &rusqlite::Row<'_>) -> Sql<Workspace> {
    Ok(Workspace {
        id: row.get(0)?,
        name: row.get(1)?,
        epoch: row.get::<_, i64>(2)?.cast_unsigned(),
        revision: row.get(3)?,
        schema: row.get(4)?,
        default_role: row.get(5)?,
        settings: row.get(6)?,
        created: row.get(7)?,
    })
}

fn role(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::Role(Role {
        id: row.get(0)?,
        version: row.get(1)?,
        name: row.get(2)?,
        folded: row.get(3)?,
        built_in: row.get(4)?,
        current: row.get(5)?,
    }))
}

fn version(row: &rusqlite::Row<'_>) -> Sql<RoleVersion> {
    Ok(RoleVersion {
        role: row.get(0)?,
        number: row.get(1)?,
        document: row.get(2)?,
        author: row.get(3)?,
        created: row.get(4)?,
        note: row.get(5)?,
    })
}

fn member(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::Member(Member {
        id: row.get(0)?,
        version: row.get(1)?,
        subject: row.get(2)?,
        folded: row.get(3)?,
        kind: row.get(4)?,
        role: row.get(5)?,
        properties: row.get(6)?,
        suspended: row.get(7)?,
        created: row.get(8)?,
    }))
}

fn group(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::Group(Group { id: row.get(0)?, version: row.get(1)?, name: row.get(2)?, folded: row.get(3)? }))
}

fn group_member(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::GroupMember { group: row.get(0)?, member: row.get(1)? })
}

fn group_role(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::GroupRole { group: row.get(0)?, role: row.get(1)? })
}

fn invitation(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::Invitation(Invitation {
        id: row.get(0)?,
        version: row.get(1)?,
        email: row.get(2)?,
        folded: row.get(3)?,
        role: row.get(4)?,
        hash: row.get(5)?,
        inviter: row.get(6)?,
        created: row.get(7)?,
        expires: row.get(8)?,
        state: row.get(9)?,
    }))
}

fn api_key(row: &rusqlite::Row<'_>) -> Sql<Row> {
    let scopes: String = row.get(5)?;
    Ok(Row::ApiKey(ApiKey {
        id: row.get(0)?,
        version: row.get(1)?,
        member: row.get(2)?,
        name: row.get(3)?,
        hash: row.get(4)?,
        scopes: scopes.lines().map(str::to_owned).collect(),
        policy: row.get(6)?,
        parent: row.get(7)?,
        created: row.get(8)?,
        expires: row.get(9)?,
        used: row.get(10)?,
    }))
}

fn object(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::Object(Object {
        kind: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        properties: row.get(3)?,
    }))
}

fn rule(row: &rusqlite::Row<'_>) -> Sql<Row> {
    Ok(Row::Rule(Rule { id: row.get(0)?, version: row.get(1)?, name: row.get(2)?, text: row.get(3)? }))
}

pub(super) fn workspaces(db: &Connection) -> Sql<Vec<Workspace>> {
    let mut all = db.prepare_cached(&format!("SELECT {WORKSPACE} FROM workspaces ORDER BY name"))?;
    all.query_map([], workspace)?.collect()
}

pub(super) fn one_workspace(db: &Connection, id: Id) -> Sql<Option<Workspace>> {
    let mut one = db.prepare_cached(&format!("SELECT {WORKSPACE} FROM workspaces WHERE id = ?"))?;
    one.query_row([id], workspace).optional()
}

/// Puts in a new workspace, at revision 1.
pub(super) fn add_workspace(db: &Connection, new: &Workspace) -> Sql<()> {
    let sql = format!("INSERT INTO workspaces ({WORKSPACE}) VALUES (?, ?, ?, 1, ?, ?, ?, ?)");
    let (epoch, settings) = (new.epoch.cast_signed(), &new.settings);
    let values = params![new.id, new.name, epoch, new.schema, new.default_role, settings, new.created];
    db.prepare_cached(&sql)?.execute(values).map(drop)
}

/// Writes what of a workspace can change.
pub(super) fn set_workspace(db: &Connection, new: &Workspace) -> Sql<()> {
    let sql = "UPDATE workspaces SET name = ?2, epoch = ?3, revision = ?4, schema = ?5, default_role = ?6, settings = ?7 \
               WHERE id = ?1";
    let epoch = new.epoch.cast_signed();
    let values = params![new.id, new.name, epoch, new.revision, new.schema, new.default_role, new.settings];
    db.prepare_cached(sql)?.execute(values).map(drop)
}

/// Every row of a workspace, in the order in which they refer to each other.
pub(super) fn load(db: &Connection, id: Id, each: &mut dyn FnMut(Row)) -> Sql<()> {
    let current = "role_versions AS v JOIN roles AS r \
                   ON r.workspace = v.workspace AND r.id = v.role AND r.current = v.number";
    let of_version = |row: &rusqlite::Row<'_>| version(row).map(Row::RoleVersion);
    type Read = fn(&rusqlite::Row<'_>) -> Sql<Row>;
    let tables: [(&str, &str, &str, Read); 10] = [
        (ROLE, "roles AS t", "t", role),
        ("v.role, v.number, v.document, v.author, v.created, v.note", current, "v", of_version),
        (MEMBER, "members AS t", "t", member),
        (GROUP, "groups AS t", "t", group),
        ("\"group\", member", "group_members AS t", "t", group_member),
        ("\"group\", role", "group_roles AS t", "t", group_role),
        (INVITATION, "invitations AS t", "t", invitation),
        (API_KEY, KEYS_AND_USES, "k", api_key),
        (OBJECT, "objects AS t", "t", object),
        (RULE, "rules AS t", "t", rule),
    ];
    for (columns, from, table, read) in tables {
        let sql = format!("SELECT {columns} FROM {from} WHERE {table}.workspace = ?");
        let mut all = db.prepare_cached(&sql)?;
        let mut rows = all.query([id])?;
        while let Some(row) = rows.next()? {
            each(read(row)?);
        }
    }
    Ok(())
}

/// One row.
pub(super) fn get(db: &Connection, workspace: Id, key: &Key) -> Sql<Option<Row>> {
    let one =
        |columns: &str, table: &str| format!("SELECT {columns} FROM {table} WHERE workspace = ? AND id = ?");
    let (sql, id, read): (_, _, fn(&rusqlite::Row<'_>) -> Sql<Row>) = match key {
        Key::Role(id) => (one(ROLE, "roles"), id, role),
        Key::Member(id) => (one(MEMBER, "members"), id, member),
        Key::Group(id) => (one(GROUP, "groups"), id, group),
        Key::Invitation(id) => (one(INVITATION, "invitations"), id, invitation),
        Key::Rule(id) => (one(RULE, "rules"), id, rule),
        Key::ApiKey(id) => {
            let sql = format!("SELECT {API_KEY} FROM {KEYS_AND_USES} WHERE k.workspace = ? AND k.id = ?");
            (sql, id, api_key)
        }
        Key::GroupMember { group, member } => {
            let sql = "SELECT \"group\", member FROM group_members WHERE workspace = ? AND \"group\" = ? AND member = ?";
            return db.prepare_cached(sql)?.query_row((workspace, group, member), group_member).optional();
        }
        Key::GroupRole { group, role } => {
            let sql =
                "SELECT \"group\", role FROM group_roles WHERE workspace = ? AND \"group\" = ? AND role = ?";
            return db.prepare_cached(sql)?.query_row((workspace, group, role), group_role).optional();
        }
        Key::RoleVersion { role, number } => {
            let sql = format!(
                "SELECT {ROLE_VERSION} FROM role_versions WHERE workspace = ? AND role = ? AND number = ?"
            );
            let found = db.prepare_cached(&sql)?.query_row((workspace, role, number), version).optional()?;
            return Ok(found.map(Row::RoleVersion));
        }
        Key::Object { kind, id } => {
            let sql = format!("SELECT {OBJECT} FROM objects WHERE workspace = ? AND kind = ? AND id = ?");
            return db.prepare_cached(&sql)?.query_row((workspace, kind, id), object).optional();
        }
    };
    db.prepare_cached(&sql)?.query_row((workspace, id), read).optional()
}

pub(super) fn role_versions(db: &Connection, workspace: Id, role: Id) -> Sql<Vec<RoleVersion>> {
    let sql =
        format!("SELECT {ROLE_VERSION} FROM role_versions WHERE workspace = ? AND role = ? ORDER BY number");
    let mut all = db.prepare_cached(&sql)?;
    all.query_map((workspace, role), version)?.collect()
}

/// The statement that puts a row in the place of the one with the same key, or where there was none. Not `REPLACE`, which would remove the other row
/// first and what hangs on it.
fn upsert(table: &str, columns: &str, key: &str) -> String {
    let places = vec!["?"; columns.split(',').count() + 1].join(", ");
    let changed = columns.split(", ").filter(|column| !key.split(", ").any(|part| part == *column));
    let set: Vec<String> = changed.map(|column| format!("{column} = excluded.{column}")).collect();
    let change = if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) };
    format!(
        "INSERT INTO {table} (workspace, {columns}) VALUES ({places}) ON CONFLICT (workspace, {key}) DO {change}"
    )
}

/// Made once: there may be very many rows to put.
struct Puts {
    role: String,
    version: String,
    member: String,
    group: String,
    group_member: String,
    group_role: String,
    invitation: String,
    key: String,
    object: String,
    rule: String,
}

static PUTS: LazyLock<Puts> = LazyLock::new(|| Puts {
    role: upsert("roles", ROLE, "id"),
    // Versions are put once.
    version: format!("INSERT INTO role_versions (workspace, {ROLE_VERSION}) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    member: upsert("members", MEMBER, "id"),
    group: upsert("groups", GROUP, "id"),
    group_member: upsert("group_members", "\"group\", member", "\"group\", member"),
    group_role: upsert("group_roles", "\"group\", role", "\"group\", role"),
    invitation: upsert("invitations", INVITATION, "id"),
    key: upsert("api_keys", API_KEY.trim_end_matches(", used"), "id"),
    object: upsert("objects", OBJECT, "kind, id"),
    rule: upsert("rules", RULE, "id"),
});

/// Puts a row in the place of the one with the same key, or where there was none.
pub(super) fn put(db: &Connection, workspace: Id, row: &Row) -> Sql<()> {
    let cached = |sql: &String| db.prepare_cached(sql);
    match row {
        Row::Role(Role { id, version, name, folded, built_in, current }) => {
            cached(&PUTS.role)?.execute(params![workspace, id, version, name, folded, built_in, current])
        }
        Row::RoleVersion(RoleVersion { role, number, document, author, created, note }) => {
            cached(&PUTS.version)?.execute(params![workspace, role, number, document, author, created, note])
        }
        Row::Member(Member { id, version, subject, folded, kind, role, properties, suspended, created }) => {
            let values =
                params![workspace, id, version, subject, folded, kind, role, properties, suspended, created];
            cached(&PUTS.member)?.execute(values)
        }
        Row::Group(Group { id, version, name, folded }) => {
            cached(&PUTS.group)?.execute(params![workspace, id, version, name, folded])
        }
        Row::GroupMember { group, member } => {
            cached(&PUTS.group_member)?.execute(params![workspace, group, member])
        }
        Row::GroupRole { group, role } => cached(&PUTS.group_role)?.execute(params![workspace, group, role]),
        Row::Invitation(one) => cached(&PUTS.invitation)?.execute(params![
            workspace,
            one.id,
            one.version,
            one.email,
            one.folded,
            one.role,
            one.hash,
            one.inviter,
            one.created,
            one.expires,
            one.state
        ]),
        Row::ApiKey(one) => cached(&PUTS.key)?.execute(params![
            workspace,
            one.id,
            one.version,
            one.member,
            one.name,
            one.hash,
            one.scopes.join("\n"),
            one.policy,
            one.parent,
            one.created,
            one.expires
        ]),
        Row::Object(Object { kind, id, version, properties }) => {
            cached(&PUTS.object)?.execute(params![workspace, kind, id, version, properties])
        }
        Row::Rule(Rule { id, version, name, text }) => {
            cached(&PUTS.rule)?.execute(params![workspace, id, version, name, text])
        }
    }
    .map(drop)
}

/// Takes a row away; whether there was one.
pub(super) fn remove(db: &Connection, workspace: Id, key: &Key) -> Sql<bool> {
    let (table, id) = match key {
        Key::Role(id) => ("roles", id),
        Key::Member(id) => ("members", id),
        Key::Group(id) => ("groups", id),
        Key::Invitation(id) => ("invitations", id),
        Key::ApiKey(id) => ("api_keys", id),
        Key::Rule(id) => ("rules", id),
        Key::GroupMember { group, member } => {
            let sql = "DELETE FROM group_members WHERE workspace = ? AND \"group\" = ? AND member = ?";
            return Ok(db.prepare_cached(sql)?.execute((workspace, group, member))? > 0);
        }
        Key::GroupRole { group, role } => {
            let sql = "DELETE FROM group_roles WHERE workspace = ? AND \"group\" = ? AND role = ?";
            return Ok(db.prepare_cached(sql)?.execute((workspace, group, role))? > 0);
        }
        Key::RoleVersion { role, number } => {
            let sql = "DELETE FROM role_versions WHERE workspace = ? AND role = ? AND number = ?";
            return Ok(db.prepare_cached(sql)?.execute((workspace, role, number))? > 0);
        }
        Key::Object { kind, id } => {
            let sql = "DELETE FROM objects WHERE workspace = ? AND kind = ? AND id = ?";
            return Ok(db.prepare_cached(sql)?.execute((workspace, kind, id))? > 0);
        }
    };
    let sql = format!("DELETE FROM {table} WHERE workspace = ? AND id = ?");
    Ok(db.prepare_cached(&sql)?.execute((workspace, id))? > 0)
}

/// Notes when a key was used; one that is not there is passed over.
pub(super) fn set_used(db: &Connection, workspace: Id, key: Id, used: i64) -> Sql<()> {
    let sql = "INSERT INTO key_uses (workspace, key, used) SELECT workspace, id, ?3 FROM api_keys WHERE workspace = ?1 AND id = ?2 \
               ON CONFLICT (workspace, key) DO UPDATE SET used = max(used, excluded.used)";
    db.prepare_cached(sql)?.execute((workspace, key, used)).map(drop)
}
