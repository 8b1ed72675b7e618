//! Reading a workspace file: its shape, its schema, its role documents inline or by path.
//!
//! Whether the names in it refer to anything is for the compiler to say, in one place for files and
//! for workspaces built in code.

use std::borrow::Cow;
use std::sync::Arc;

use super::mention::{Decoded, Mention};
use super::{Enrolled, Object, Team, Workspace};
use crate::condition::{Attribute, AttributeBuilder, AttributeError};
use crate::diagnostic::{Code, Report};
use crate::json::{Kind, Tape, Value, source_from_bytes};
use crate::limits::Limits;
use crate::policy::{Document, read_document};
use crate::read::{Habit, Reader, first_line, fits};
use crate::schema::{BUILT_IN_SCHEMAS, Schema, read_schema};
use crate::source::Source;
use crate::text::{listed, quoted};

/// Fetches the files that a workspace names, by the path as written in it.
pub trait Files {
    /// The bytes of a file of at most `most` bytes, a limit that `flag` raises on the command line, and the name
    /// under which to speak of it.
    ///
    /// # Errors
    /// In words that finish the sentence "cannot read `PATH`: …".
    fn fetch(&self, path: &str, most: usize, flag: &str) -> Result<FetchedFile, String>;
}

/// What [`Files::fetch`] brings.
#[derive(Debug)]
pub struct FetchedFile {
    /// The name under which people know the file.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// No files at all: every document and the schema must stand in the workspace itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn fetch(&self, _path: &str, _most: usize, _flag: &str) -> Result<FetchedFile, String> {
        Err("files are not read here; put the document itself in its place".to_owned())
    }
}

const KEYS: [&str; 7] = ["workspace", "schema", "default_role", "roles", "groups", "members", "objects"];

const HABITS: &[Habit] = &[
    Habit { written: "name", known: "workspace" },
    Habit { written: "users", known: "members" },
    Habit { written: "subjects", known: "members" },
    Habit { written: "policies", known: "roles" },
];

const MEMBER_HABITS: &[Habit] = &[
    Habit { written: "roles", known: "role" },
    Habit { written: "kind", known: "type" },
    Habit { written: "attributes", known: "properties" },
    Habit { written: "disabled", known: "suspended" },
];

const GROUP_HABITS: &[Habit] =
    &[Habit { written: "role", known: "roles" }, Habit { written: "users", known: "members" }];

impl Workspace {
    /// Reads a workspace file, with the default limits. The report beside it holds the warnings of its
    /// documents' text; compiling adds those of their meaning.
    ///
    /// # Errors
    /// Every fault of the text and of the files that it names.
    pub fn read(source: &Arc<Source>, files: &dyn Files) -> Result<(Workspace, Report), Report> {
        Workspace::read_within(source, files, &Limits::default())
    }

    /// Reads a workspace file within limits.
    ///
    /// # Errors
    /// Every fault of the text and of the files that it names.
    pub fn read_within(
        source: &Arc<Source>,
        files: &dyn Files,
        limits: &Limits,
    ) -> Result<(Workspace, Report), Report> {
        match Workspace::attempt(source, files, limits) {
            (Some(workspace), report) => report.sorted().finish(workspace),
            (None, report) => Err(report),
        }
    }

    /// Reads what can be read. When the report has errors, the workspace is good only for finding more of them.
    pub(crate) fn attempt(
        source: &Arc<Source>,
        files: &dyn Files,
        limits: &Limits,
    ) -> (Option<Workspace>, Report) {
        let mut report = Report::new();
        if !fits(source, limits.workspace_bytes, "max-workspace-bytes", &mut report) {
            return (None, report);
        }
        let tape = Tape::read(source, limits, &mut report);
        let workspace = tape.and_then(|tape| read_workspace(tape.root(), files, limits, &mut report));
        (workspace, report)
    }
}

/// Reads the workspace that a value is, as far as it can be read.
pub(crate) fn read_workspace(
    root: Value<'_>,
    files: &dyn Files,
    limits: &Limits,
    report: &mut Report,
) -> Option<Workspace> {
    let reader = Reader::new(root.source(), limits, report);
    WorkspaceReader { reader, files }.workspace(root)
}

struct WorkspaceReader<'r> {
    reader: Reader<'r>,
    files: &'r dyn Files,
}

impl WorkspaceReader<'_> {
    fn workspace(&mut self, root: Value<'_>) -> Option<Workspace> {
        if !self.reader.object(root, "a workspace") {
            return None;
        }
        let [name, schema, default_role, roles, groups, members, objects] =
            self.reader.fields(root, "a workspace", KEYS, HABITS);
        let name = self.required(name, root, "workspace", "add `\"workspace\": \"NAME\"`");
        let name = name.and_then(|value| self.reader.name(value, "the workspace's name")).map(String::from);
        let schema = self.required(
            schema,
            root,
            "schema",
            "add `\"schema\": \"hightouch\"`, a path, or the schema itself",
        );
        let schema = schema.and_then(|value| self.schema(value));
        let roles = self.required(roles, root, "roles", "add `\"roles\": {}`, or name documents in it");
        let members =
            self.required(members, root, "members", "add `\"members\": {\"ID\": {\"role\": \"ROLE\"}}`");

        // Without a schema the rest is still read for its own faults, under a schema that is then dropped.
        let mut workspace =
            Workspace::new(name.unwrap_or_default(), schema.clone().or_else(|| Schema::hightouch().ok())?);
        workspace.source = Some(Arc::clone(&self.reader.source));
        workspace.limits = *self.reader.limits;
        workspace.default_role = default_role.and_then(|value| self.mention(value, "the default role"));
        if let Some(roles) = roles
            && self.reader.object(roles, "`roles`")
        {
            for (key, value) in roles.members() {
                // A document with faults leaves a role without statements, so that naming it is no second fault.
                let document = self.role(value);
                if let Some(mention) = self.mention(key, "a role's name") {
                    workspace.roles.push((mention, Arc::new(document)));
                }
            }
        }
        if let Some(members) = members
            && self.reader.object(members, "`members`")
        {
            let count = members.members().count();
            if !self.reader.within(count, self.reader.limits.members, "member", "max-members", members.span())
            {
                // Without its members a workspace has faults that are none: every group would list strangers.
                return None;
            }
            workspace.members.reserve_exact(count);
            for (key, value) in members.members() {
                let (member, properties) = self.member(key, value);
                if member.is_some() {
                    let place = workspace.members.len() as u32;
                    workspace.properties.extend(properties.map(|properties| (place, properties)));
                }
                workspace.members.extend(member);
            }
        }
        if let Some(groups) = groups
            && self.reader.object(groups, "`groups`")
        {
            for (key, value) in groups.members() {
                workspace.groups.extend(self.group(key, value));
            }
        }
        if let Some(objects) = objects {
            if objects.kind() != Kind::Array {
                self.reader.wrong_shape(objects, "`objects`", "a list of objects");
            }
            workspace.objects = objects.elements().filter_map(|value| self.stored_object(value)).collect();
        }
        schema.is_some().then_some(workspace)
    }

    fn required<'t>(
        &mut self,
        value: Option<Value<'t>>,
        root: Value<'t>,
        key: &str,
        help: &str,
    ) -> Option<Value<'t>> {
        if value.is_none() {
            self.reader.missing_key(root, "this workspace", key, help);
        }
        value
    }

    fn mention(&mut self, value: Value<'_>, what: &str) -> Option<Mention> {
        let name = self.reader.name(value, what)?;
        Some(match name {
            Cow::Borrowed(_) if value.kind() == Kind::Text => Mention::Written(value.span()),
            name => Mention::Decoded(Box::new(Decoded { name: name.into(), span: Some(value.span()) })),
        })
    }

    fn mentions(&mut self, list: Option<Value<'_>>, what: &str) -> Vec<Mention> {
        let Some(list) = list else { return Vec::new() };
        if list.kind() != Kind::Array {
            self.reader.wrong_shape(list, what, "a list of names");
            return Vec::new();
        }
        let item = format!("a name in {what}");
        let mut mentions = Vec::with_capacity(list.elements().count());
        mentions.extend(list.elements().filter_map(|element| self.mention(element, &item)));
        mentions
    }

    /// A built-in name (no `/`, no `.json`), a path, or the schema itself.
    fn schema(&mut self, value: Value<'_>) -> Option<Schema> {
        if value.kind() == Kind::Object {
            return read_schema(value, &mut self.reader);
        }
        let name = self.reader.name(value, "`schema`")?;
        if !name.contains('/') && !name.ends_with(".json") {
            if let Ok(Some(schema)) = Schema::built_in(&name) {
                return Some(schema);
            }
            let message = format!("there is no built-in schema {}", quoted(&name));
            let fault = self.reader.fault(Code::UnknownSchema, value.span(), message, "");
            let known = listed(BUILT_IN_SCHEMAS.iter().copied(), 9);
            self.reader.push(fault.help(format!(
                "the built-in schemas are {known}; a file's name ends in `.json` or holds a `/`"
            )));
            return None;
        }
        let source = self.fetch(&name, value)?;
        match Schema::read_within(&source, self.reader.limits) {
            Ok((schema, report)) => {
                self.reader.report.append(report);
                Some(schema)
            }
            Err(report) => {
                self.reader.report.append(report);
                None
            }
        }
    }

    /// A path to a policy document, or the document itself.
    fn role(&mut self, value: Value<'_>) -> Document {
        if value.is_text() {
            let path = self.reader.name(value, "the path of a role's document");
            let Some(source) = path.and_then(|path| self.fetch(&path, value)) else {
                return Document::empty(&self.reader.source);
            };
            let (document, report) = Document::attempt(&source, self.reader.limits);
            self.reader.report.append(report);
            return document.unwrap_or_else(|| Document::empty(&source));
        }
        if !matches!(value.kind(), Kind::Object | Kind::Array) {
            self.reader.wrong_shape(value, "a role", "a path or a policy document");
            return Document::empty(&self.reader.source);
        }
        read_document(value, &mut self.reader)
    }

    fn fetch(&mut self, path: &str, value: Value<'_>) -> Option<Arc<Source>> {
        let why = match self.files.fetch(path, self.reader.limits.document_bytes, "max-document-bytes") {
            Ok(file) => match source_from_bytes(&file.name, file.bytes) {
                Ok(source) => return Some(source),
                Err(report) => {
                    self.reader.report.append(report);
                    return None;
                }
            },
            Err(why) => why,
        };
        let message = format!("cannot read {}: {why}", quoted(path));
        let fault = self.reader.fault(Code::UnreadableFile, value.span(), message, "named here");
        self.reader.push(fault.help("paths are relative to the workspace file"));
        None
    }

    fn member(&mut self, key: Value<'_>, value: Value<'_>) -> (Option<Enrolled>, Option<Attribute>) {
        // What is no object has no fields, and the member is one with nothing said of them.
        self.reader.object(value, "a member");
        let known = ["role", "type", "properties", "suspended"];
        let [role, kind, properties, suspended] = self.reader.fields(value, "a member", known, MEMBER_HABITS);
        let role = role.and_then(|role| self.mention(role, "a member's role"));
        let kind = kind.and_then(|kind| self.reader.name(kind, "a member's type"));
        let properties = properties.and_then(|properties| self.properties(properties));
        if let Some(flag) = suspended.filter(|flag| !matches!(flag.kind(), Kind::True | Kind::False)) {
            self.reader.wrong_shape(flag, "`suspended`", "true or false");
        }
        let suspended = suspended.is_some_and(|flag| flag.kind() == Kind::True);
        let id = self.mention(key, "a member's id");
        (id.map(|id| Enrolled { id, role, kind: kind.map(Box::from), suspended }), properties)
    }

    /// The properties of a member or an object; none when they are empty, or no object, which is said.
    fn properties(&mut self, value: Value<'_>) -> Option<Attribute> {
        if !self.reader.object(value, "`properties`") || value.members().next().is_none() {
            return None;
        }
        let mut builder = AttributeBuilder::new();
        builder.value(value);
        match builder.finish() {
            Ok(properties) => Some(properties),
            // A key that stands twice is a fault of the text, and reported as that.
            Err(AttributeError::DuplicateKey) => None,
            Err(error) => {
                let span = first_line(&self.reader.source, value.span());
                self.reader.push(self.reader.fault(
                    Code::OverLimit,
                    span,
                    error.to_string(),
                    "these properties",
                ));
                None
            }
        }
    }

    fn group(&mut self, key: Value<'_>, value: Value<'_>) -> Option<Team> {
        let name = self.mention(key, "a group's name");
        if !self.reader.object(value, "a group") {
            return None;
        }
        let [roles, members] = self.reader.fields(value, "a group", ["roles", "members"], GROUP_HABITS);
        let (roles, members) = (self.mentions(roles, "`roles`"), self.mentions(members, "`members`"));
        Some(Team { name: name?, roles, members })
    }

    fn stored_object(&mut self, value: Value<'_>) -> Option<Object> {
        if !self.reader.object(value, "a stored object") {
            return None;
        }
        let [kind, id, properties] =
            self.reader.fields(value, "a stored object", ["type", "id", "properties"], &[]);
        let mut part = |part: Option<Value<'_>>, key: &str| -> Option<Mention> {
            match part {
                Some(part) => self.mention(part, &format!("an object's `{key}`")),
                None => {
                    self.reader.missing_key(
                        value,
                        "this object",
                        key,
                        "an object is {\"type\": \"sync\", \"id\": \"42\"}",
                    );
                    None
                }
            }
        };
        let (kind, id) = (part(kind, "type"), part(id, "id"));
        let properties = properties.and_then(|properties| self.properties(properties));
        Some(Object { kind: kind?, id: id?, properties })
    }
}
