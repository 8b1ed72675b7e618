//! The shortest document that means the same: fewest statements, then as few names as can be found.
//!
//! Statements of one effect and one condition form a grid of types by actions (`meaning`, `grid`), and a shortest
//! document is a smallest cover of its cells by rectangles: NP-hard, and small once what is alike is one
//! (`condensed`). The largest rectangles are listed (`rectangles`), a smallest cover is sought within a bound (`cover`),
//! names that nothing needs are left out (`trim`), and statements are written (`kind`). Denies are never traded for allows:
//! a deny reaches into every other role of a subject, so both stay what they are, cell by cell; and a deny stays what it
//! would be under a schema that admits more, so that no growing schema opens what the document had closed.
//!
//! What comes out is read, resolved and compared with what went in before it is handed out. Nothing here changes a
//! document that is as short as any.

mod condensed;
mod cover;
mod grid;
mod kind;
mod meaning;
mod near;
mod ranges;
mod rectangles;
mod trim;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Report;
use crate::format::format;
use crate::limits::Limits;
use crate::policy::{Document, Effect, Grants};
use crate::schema::Schema;
use crate::source::Source;

use grid::{Listed, Sought};
use kind::{names_of, shortest};
use meaning::{Kind, Meaning, kinds};

/// The most cells of a document that are looked at; a document with more is left as it is.
const MOST_CELLS: usize = 1 << 23;
/// A document that became shorter is looked at again, so often at most, until it does not become shorter any more.
const ROUNDS: usize = 8;

/// How a shorter document is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Minimizing {
    /// Whether `"*"` may stand where the document has none. One that it has may stay, on what it was on.
    pub wildcards: bool,
    /// How long to search: about so many rectangles are looked at. Steps are counted, not timed, so that the same document comes to
    /// the same result everywhere.
    pub steps: u64,
}

impl Default for Minimizing {
    /// No wildcards; 1,000,000 steps, which take about a second where they are needed.
    fn default() -> Self {
        Minimizing { wildcards: false, steps: 1_000_000 }
    }
}

/// How long a document is. The shorter of two is the one with fewer statements; of as many, the one with fewer names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length {
    /// Its statements.
    pub statements: usize,
    /// The names in all lists of actions and resources.
    pub names: usize,
}

/// A document that means the same, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimized {
    text: String,
    before: Length,
    after: Length,
    at_least: usize,
}

impl Minimized {
    /// The document, in canonical form. Where nothing shorter was found it is the one that was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How long the document is that was given.
    #[must_use]
    pub fn before(&self) -> Length {
        self.before
    }

    /// How long this one is.
    #[must_use]
    pub fn after(&self) -> Length {
        self.after
    }

    /// No document that means the same has fewer statements than this, as far as the search could tell.
    #[must_use]
    pub fn at_least(&self) -> usize {
        self.at_least
    }

    /// Whether it is proven that none has fewer statements than this one.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.after.statements <= self.at_least
    }

    /// Whether it is shorter than the one that was given.
    #[must_use]
    pub fn is_shorter(&self) -> bool {
        self.after < self.before
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MinimizeError {
    /// The document has errors under this schema.
    #[error("{0}")]
    Faulty(Report),
    /// What was found does not mean the same when it is read again: a fault of this library, found before it did harm.
    #[error(
        "the shorter document that was found does not mean the same, so it is withheld: this is a fault of Portcullis, please report it"
    )]
    Unequal,
}

/// Steps that are left.
#[derive(Debug)]
struct Steps {
    left: u64,
}

impl Steps {
    fn new(left: u64) -> Self {
        Steps { left }
    }

    /// Takes some; whether there were enough.
    fn take(&mut self, count: u64) -> bool {
        let enough = self.left >= count;
        self.left = self.left.saturating_sub(count);
        enough
    }
}

/// The shortest document found that means the same as this one under a schema, alone and beside any other roles.
///
/// ```
/// use portcullis::{Document, Minimizing, Schema, Source, minimize};
///
/// let role = r#"{ "version": "2022-04-26", "policies": [
///     { "effect": "allow", "actions": "read", "resource": ["sync", "model"] },
///     { "effect": "allow", "actions": ["update", "read"], "resource": "model" },
///     { "effect": "allow", "actions": "update", "resource": "sync" } ] }"#;
/// let (document, _) = Document::read(&Source::new("role.json", role))?;
/// let shortest = minimize(&document, &Schema::hightouch()?, &Minimizing::default())?;
/// assert_eq!(shortest.text(), r#"{
///   "version": "2022-04-26",
///   "policies": [
///     { "effect": "allow", "actions": ["read", "update"], "resource": ["model", "sync"] }
///   ]
/// }
/// "#);
/// assert!(shortest.is_proven());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MinimizeError::Faulty`] when the document does not resolve under the schema; [`MinimizeError::Unequal`] never in a sound
/// build.
pub fn minimize(document: &Document, schema: &Schema, how: &Minimizing) -> Result<Minimized, MinimizeError> {
    let limits = Limits {
        document_bytes: usize::MAX,
        workspace_bytes: usize::MAX,
        nesting: crate::limits::DEEPEST,
        statements: usize::MAX,
        list_names: usize::MAX,
        ..Limits::default()
    };
    let (grants, _) = document.resolve(schema).map_err(MinimizeError::Faulty)?;
    let of_statements = kinds(&grants);
    let wanted = Meaning::of(&grants, &of_statements);
    let before = Length {
        statements: document.statements().len(),
        names: document.statements().map(|statement| names_of(&statement)).sum(),
    };
    let mut steps = Steps::new(how.steps);
    let mut round =
        Round { document, grants: &grants, kinds: &of_statements, meaning: &wanted }.run(how, &mut steps);
    let at_least = round.at_least;
    let given = document.source().slice(document.span());
    let in_form = |text: &str| {
        let source = Source::new("minimized", text);
        format(&source, &limits).map_err(MinimizeError::Faulty)
    };
    let mut text = in_form(given)?;
    let mut after = before;
    for _ in 0..ROUNDS {
        if round.length >= after {
            break;
        }
        let found = in_form(&round.text)?;
        let source: Arc<Source> = Source::new("minimized", &*found);
        let read = Document::read_within(&source, &limits).map_err(|_| MinimizeError::Unequal)?.0;
        let administered = grants.schema().stamp() != schema.stamp();
        let grants = match read.resolve(schema) {
            Ok((grants, _)) => grants,
            // What names no reserved type any more may not name their actions either.
            Err(_) if administered => break,
            Err(_) => return Err(MinimizeError::Unequal),
        };
        let of_statements = kinds(&grants);
        let meaning = Meaning::of(&grants, &of_statements);
        if meaning != wanted {
            return Err(MinimizeError::Unequal);
        }
        (text, after) = (found, round.length);
        round = Round { document: &read, grants: &grants, kinds: &of_statements, meaning: &meaning }
            .run(how, &mut Steps::new(how.steps));
    }
    Ok(Minimized { text, before, after, at_least: at_least.min(after.statements) })
}

/// One look at a document.
struct Round<'a> {
    document: &'a Document,
    grants: &'a Grants,
    kinds: &'a [Option<Kind>],
    meaning: &'a Meaning,
}

/// What one look comes to.
struct Rewritten {
    text: String,
    length: Length,
    at_least: usize,
}

impl Round<'_> {
    fn run(&self, how: &Minimizing, steps: &mut Steps) -> Rewritten {
        let mut of_kind: BTreeMap<&Kind, Vec<usize>> = BTreeMap::new();
        for (index, kind) in self.kinds.iter().enumerate() {
            if let Some(kind) = kind {
                of_kind.entry(kind).or_default().push(index);
            }
        }
        let bare = self.document.writes_bare_names();
        let schema = self.grants.schema();
        let denies = of_kind.get(&Kind { effect: Effect::Deny, condition: None });
        let denies = denies.into_iter().flatten().filter_map(|&index| self.document.statement(index));
        let denies: Vec<_> = denies.map(|statement| Listed::both(schema, &statement)).collect();
        let mut statements: Vec<(usize, String)> = Vec::new();
        let (mut names, mut at_least, mut cells) = (0, 0, 0);
        for (kind, members) in &of_kind {
            let (live, lasting) = (self.meaning.live(kind), kind.effect == Effect::Deny);
            if live.is_empty() && !lasting {
                continue;
            }
            let said = members.iter().flat_map(|&index| self.grants.of_statement(index)).cloned().collect();
            let said = ranges::in_order(said);
            cells += ranges::count(live);
            let sought = Sought {
                document: self.document,
                schema,
                statements: members,
                live,
                free: self.meaning.free(kind),
                conditional: kind.condition.as_ref().map(|_| &said),
                wildcards: how.wildcards,
                bare,
                lasting,
                settled: if lasting && kind.condition.is_some() { &denies } else { &[] },
            };
            let found = if cells > MOST_CELLS {
                kind::as_written(&sought, 1)
            } else {
                shortest(&sought, self.grants, steps)
            };
            statements.extend(found.statements);
            names += found.names;
            at_least += found.at_least;
        }
        statements.sort_by_key(|&(place, _)| place);
        let texts: Vec<&str> = statements.iter().map(|(_, text)| &**text).collect();
        let version = crate::policy::VERSION;
        let text = format!("{{\"version\": \"{version}\", \"policies\": [{}]}}", texts.join(", "));
        Rewritten { text, length: Length { statements: statements.len(), names }, at_least }
    }
}
