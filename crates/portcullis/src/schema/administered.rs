//! The types by which a workspace is administered whose schema names none.
//!
//! They come last, so that what the schema numbers by itself keeps its numbers: what a document came to without them it comes to
//! beside them, range by range. A schema makes its administered form once, and everybody who asks gets that one.

use super::build::{Draft, TypeDraft};
use super::{Administration, Schema};
use crate::policy::Document;

/// The reserved types: for the workspace itself, and for its members.
pub const RESERVED_ADMINISTRATION: [&str; 2] = ["portcullis.workspace", "portcullis.membership"];

/// What can be done to them.
const ACTIONS: [&str; 4] = ["read", "update", "create", "delete"];

impl Schema {
    /// The schema with the reserved types, if its own names none that administer and a document names one of those. A document
    /// means the same in a file as in a store.
    pub(crate) fn administered_for<'d>(
        &self,
        documents: impl IntoIterator<Item = &'d Document>,
    ) -> Option<Schema> {
        let is_named = || documents.into_iter().any(names_reserved);
        if self.administration().is_some() || !is_named() { None } else { self.administered().ok() }
    }

    /// How many of the types wildcards and patterns reach: the first ones.
    pub(crate) fn types_reached(&self) -> u32 {
        self.inner.sorted_types.len() as u32
    }

    /// The schema with types that administer: its own where `administration` names them, else with the reserved types
    /// `portcullis.workspace` and `portcullis.membership` beside its own. No wildcard and no pattern reaches those; a document that names them is
    /// heeded, and one that is said to [reach them](crate::Document::reaching_administration).
    ///
    /// A document that names one [is resolved](crate::Document::resolve) under this schema without being asked to.
    ///
    /// # Errors
    /// When the schema has a type of such a name, or the process has no stamp left.
    ///
    /// ```
    /// use portcullis::{Document, Schema, Source};
    /// let text = r#"{ "schema": "s", "resources": { "doc": { "actions": ["read"] } } }"#;
    /// let schema = Schema::read(&Source::new("schema.json", text))?.0.administered().unwrap();
    /// let all = r#"{ "version": "2022-04-26", "policies": [ { "effect": "allow", "actions": "*", "resource": "*" } ] }"#;
    /// let (document, _) = Document::read(&Source::new("role.json", all))?;
    /// assert_eq!(document.resolve(&schema)?.0.planes().grants().count(), 1);
    /// assert_eq!(document.reaching_administration().resolve(&schema)?.0.planes().grants().count(), 9);
    /// # Ok::<(), portcullis::Report>(())
    /// ```
    pub fn administered(&self) -> Result<Schema, String> {
        if self.administration().is_some() {
            return Ok(self.clone());
        }
        self.inner.administered.get_or_init(|| self.with_reserved_types()).clone()
    }

    fn with_reserved_types(&self) -> Result<Schema, String> {
        let mut draft = Draft { name: self.name().to_owned(), apart: 2, ..Draft::default() };
        draft.subject_attributes = self.subject_attributes().clone();
        for kind in self.types() {
            let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
            draft.types.push(TypeDraft {
                name: kind.name().to_owned(),
                actions: owned(&mut self.actions_of(kind)),
                aliases: owned(&mut kind.aliases()),
                covers: owned(&mut kind.covers()),
                reserved: kind.is_reserved(),
                attributes: kind.attributes().clone(),
            });
        }
        for name in RESERVED_ADMINISTRATION {
            if self.resource_type(name).is_some() {
                return Err(format!(
                    "the schema has a name `{name}`, which is reserved: declare `administration`, or rename it"
                ));
            }
            draft.types.push(TypeDraft {
                name: name.to_owned(),
                actions: ACTIONS.map(str::to_owned).to_vec(),
                ..TypeDraft::default()
            });
        }
        let [workspace, membership] = RESERVED_ADMINISTRATION.map(str::to_owned);
        draft.administration = Some(Administration { workspace, membership });
        draft.build()
    }
}

/// Whether a document names a reserved type. Most are told by their text alone.
fn names_reserved(document: &Document) -> bool {
    let text = document.source().slice(document.span());
    (text.contains("portcullis.") || text.contains('\\'))
        && document.statements().any(|statement| {
            statement.resource().iter().any(|name| RESERVED_ADMINISTRATION.contains(&&*name))
        })
}
