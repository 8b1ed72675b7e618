//! What the tests of conditions share: a condition from its text, objects on a shelf, a question about them.

use std::sync::Arc;

use super::{Attribute, Condition, Facts, Objects, Resource, StoredObject, Subject, Value};
use crate::policy::Document;
use crate::schema::Schema;
use crate::source::Source;

pub(super) fn attribute(text: &str) -> Attribute {
    Attribute::read(&Source::new("attribute", text)).unwrap_or_else(|report| panic!("{text}: {report}"))
}

/// A schema of types `sync`, with an alias `job`, and `destination`, and what else its text says of `sync`.
pub(super) fn schema(more: &str) -> Schema {
    let text = format!(
        r#"{{"schema": "own", "resources": {{"sync": {{"actions": ["read"], "aliases": ["job"] {more}}},
            "destination": {{"actions": ["read"]}}}}}}"#
    );
    Schema::read(&Source::new("schema", text)).unwrap_or_else(|report| panic!("{report}")).0
}

/// The condition that a statement about reading syncs has.
pub(super) fn condition(schema: &Schema, text: &str) -> Arc<Condition> {
    let document = format!(
        r#"{{"version": "2022-04-26", "policies": [
            {{"effect": "allow", "actions": "read", "resource": "sync", "conditions": {text}}}]}}"#
    );
    let read = Document::read(&Source::new("document", document));
    let (document, _) = read.unwrap_or_else(|report| panic!("{text}: {report}"));
    let (grants, report) = document.resolve_all(schema);
    assert!(!report.has_errors(), "{text}: {report}");
    let parts: Vec<_> = grants.parts_of_statement(0).collect();
    assert_eq!(parts.len(), 1);
    Arc::clone(parts[0].1.unwrap())
}

/// Stored objects: type, id, properties.
pub(super) struct Shelf {
    pub(super) schema: Schema,
    pub(super) objects: Vec<(String, String, Attribute)>,
}

impl<'a> Objects<'a> for &'a Shelf {
    fn object(&self, kind: &str, id: &str) -> Option<StoredObject<'a>> {
        let kind = self.schema.resource_type(kind)?.name();
        let at = self.objects.iter().position(|object| object.0 == kind && object.1 == id)?;
        let (kind, id, properties) = &self.objects[at];
        Some(StoredObject { number: at as u32, kind, id, properties: properties.value() })
    }
}

/// What `ann` asks about a resource: reading it, at noon on 1 March 2026, with nothing in the request.
pub(super) fn asked<'a>(shelf: &'a Shelf, kind: &'a str, id: Option<&'a str>) -> Facts<'a, &'a Shelf> {
    Facts {
        subject: Subject { kind: "user", id: "ann", stored: Value::Null, sent: None },
        resource: Resource { kind, id, stored: id.and_then(|id| shelf.object(kind, id)), sent: None },
        action: "read",
        action_sent: None,
        context: None,
        now: Some("2026-03-01T12:00:00Z"),
        objects: shelf,
    }
}
