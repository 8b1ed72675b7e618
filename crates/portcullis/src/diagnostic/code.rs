//! The stable codes of diagnostics.
//!
//! A code means the same for ever: scripts and editors filter by it. Everything that is said about a code
//! (its severity, its title, why it exists, an example and its mend) stands in one table, from which
//! `portcullis lint --explain` and the pages under `docs/diagnostics/` are made, and whose examples a
//! test runs.

use std::fmt;

use super::Severity;

/// What kind of file an example is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleKind {
    /// A policy document under the built-in schema.
    Policy,
    /// A schema.
    Schema,
    /// A workspace whose documents stand in it.
    Workspace,
    /// A test suite whose workspace stands in it.
    Tests,
    /// A file of rules whose workspace stands in it.
    Rules,
}

/// A text that earns a code, and the same text mended.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What kind of file both are.
    pub kind: ExampleKind,
    /// A text with the fault.
    pub bad: &'static str,
    /// The text without it.
    pub good: &'static str,
}

/// All that is said about a code.
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
}

impl Entry {
    pub(super) const fn new(
        id: &'static str,
        severity: Severity,
        title: &'static str,
        why: &'static str,
    ) -> Entry {
        Entry { id, severity, title, why }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $entry:expr;)+) => {
        /// A stable code. Its number never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            pub(super) fn entry(self) -> &'static Entry {
                match self {
                    $(Code::$name => const { &$entry },)+
                }
            }
        }
    };
}
pub(super) use codes;

pub use super::codes::Code;

impl Code {
    /// The code as it is shown: `P0103`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().id
    }

    /// The code of this text, in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }

    /// How bad it is, unless an effect makes it worse.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.entry().severity
    }

    /// A few words, for lists.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// Why it is reported and what to do, in a paragraph.
    #[must_use]
    pub fn why(self) -> &'static str {
        self.entry().why
    }

    /// The page about this code, in Markdown.
    #[must_use]
    pub fn page(self) -> String {
        let mut page = format!(
            "# {self}: {}\n\nSeverity: {}\n\n{}\n",
            self.title(),
            self.severity().as_str(),
            self.why()
        );
        if let Some(example) = self.example() {
            page.push_str(&format!(
                "\nEarns it:\n\n```json\n{}\n```\n\nMended:\n\n```json\n{}\n```\n",
                example.bad, example.good
            ));
        }
        page
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
