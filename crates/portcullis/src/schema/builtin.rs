//! The built-in schema and its roles, compiled into the library as the JSON they would be as files.
//!
//! `hightouch` is Hightouch's published vocabulary: ten types, nine actions, 47 permissions. Its three
//! built-in roles are the documents of the same pages; the one called Viewer in prose and Reader in
//! JSON is `viewer`, with `reader` as an alias.

use std::sync::{Arc, LazyLock};

use super::Schema;
use crate::diagnostic::Report;
use crate::policy::Document;
use crate::snapshot::Role;
use crate::source::Source;

/// Names of the schemas that need no file.
pub const BUILT_IN_SCHEMAS: &[&str] = &["hightouch"];

/// The text of the built-in schema.
const HIGHTOUCH: &str = include_str!("hightouch.json");

const ROLES: [(&str, &str); 3] = [
    ("admin", include_str!("admin.json")),
    ("editor", include_str!("editor.json")),
    ("viewer", include_str!("viewer.json")),
];

/// What the built-in schema brings along, or why it could not be read: impossible but for a process that has
/// run out of stamps, and then every workspace fails with that report instead of panicking.
pub(crate) struct BuiltIn {
    pub(crate) schema: Schema,
    pub(crate) roles: Vec<Arc<Role>>,
}

static BUILT_IN: LazyLock<Result<BuiltIn, Report>> = LazyLock::new(|| {
    let schema = Schema::read(&Source::new("built-in schema hightouch", HIGHTOUCH))?.0;
    let mut roles = Vec::new();
    for (name, text) in ROLES {
        let (document, _) = Document::read(&Source::new(format!("built-in role {name}"), text))?;
        let (grants, _) = document.resolve(&schema)?;
        roles.push(Arc::new(Role::new(name, Arc::new(document), grants, true)));
    }
    Ok(BuiltIn { schema, roles })
});

pub(crate) fn built_in() -> Result<&'static BuiltIn, Report> {
    BUILT_IN.as_ref().map_err(Report::clone)
}

/// Other names of built-in roles: (alias, role).
pub(crate) const ROLE_ALIASES: &[(&str, &str)] = &[("reader", "viewer")];

/// The role that members of a `hightouch` workspace have when nothing else is said.
pub(crate) const DEFAULT_ROLE: &str = "viewer";

impl Schema {
    /// The built-in vocabulary of Hightouch's advanced permissions.
    ///
    /// # Errors
    /// Only in a process that has used up its four billion stamps.
    pub fn hightouch() -> Result<Schema, Report> {
        built_in().map(|built_in| built_in.schema.clone())
    }

    /// A built-in schema by name; `None` when there is none of that name.
    ///
    /// # Errors
    /// As [`Schema::hightouch`].
    pub fn built_in(name: &str) -> Result<Option<Schema>, Report> {
        if BUILT_IN_SCHEMAS.contains(&name) { Schema::hightouch().map(Some) } else { Ok(None) }
    }

    /// The JSON text of a built-in schema, in the form in which a schema file is written.
    #[must_use]
    pub fn built_in_text(name: &str) -> Option<&'static str> {
        (name == "hightouch").then_some(HIGHTOUCH)
    }

    /// Whether this very schema is the built-in one, which alone has built-in roles.
    #[must_use]
    pub fn is_hightouch(&self) -> bool {
        built_in().is_ok_and(|built_in| Arc::ptr_eq(&built_in.schema.inner, &self.inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_schema_has_47_permissions_over_ten_types_and_nine_actions() {
        let schema = Schema::hightouch().unwrap();
        assert_eq!(schema.permission_count(), 47);
        assert_eq!(schema.types().len(), 10);
        assert_eq!(schema.actions().count(), 9);
        assert!(schema.is_hightouch());
        let own = Schema::read(&Source::new("copy.json", HIGHTOUCH)).unwrap().0;
        assert!(own.same_numbering(&schema) && !own.is_hightouch());
    }
}
