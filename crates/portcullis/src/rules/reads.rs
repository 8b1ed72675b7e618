//! What conditions read of who asks and of an object: those of whom they read the same stand alike.
//!
//! A search knows only what is stored, so a condition comes to the same for two members or two objects of which its references find the
//! same. A million of them are then weighed once for each thing that is found, which for labels is a few dozen times. What is
//! found is compared as text, exactly: two numbers that are equal and written differently only cost one more look.

use crate::condition::{Condition, Facts, Found, Lookup, Reference, Root};
use crate::snapshot::Shelf;

/// What conditions read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    /// Of who asks, ascending.
    pub(super) subject: Vec<Reference>,
    /// Of the object, ascending.
    pub(super) object: Vec<Reference>,
    /// Whether they read the action.
    pub(super) action: bool,
    /// Whether they read under which name the type is asked about.
    pub(super) name: bool,
}

impl Reads {
    /// What one condition reads.
    pub(super) fn of(condition: &Condition) -> Reads {
        let mut reads = Reads { name: condition.reads_type_asked(), ..Reads::default() };
        for reference in condition.references() {
            match reference.root() {
                Root::Subject => reads.subject.push(reference.clone()),
                Root::Resource => reads.object.push(reference.clone()),
                Root::Action => reads.action = true,
                Root::Context => {}
            }
        }
        reads
    }

    /// Takes what another reads as well.
    pub(super) fn add(&mut self, other: &Reads) {
        self.subject.extend_from_slice(&other.subject);
        self.object.extend_from_slice(&other.object);
        self.action |= other.action;
        self.name |= other.name;
    }

    /// Each reference once.
    pub(super) fn sorted(mut self) -> Reads {
        for list in [&mut self.subject, &mut self.object] {
            list.sort_unstable();
            list.dedup();
        }
        self
    }
}

/// Writes what references find, so that two texts are the same only if they find the same. False where one is an id, which no other has.
pub(super) fn read<'r>(
    facts: &Facts<'_, Shelf<'_>>,
    references: impl IntoIterator<Item = &'r Reference>,
    text: &mut String,
) -> bool {
    for reference in references {
        if reference.is_id() {
            return false;
        }
        match facts.find(reference) {
            Found::Value(value, _) => text.push_str(&value.to_string()),
            Found::Missing => text.push('-'),
            Found::Unknown(why) => text.push_str(why.as_str()),
        }
        // No value holds one that is not escaped.
        text.push('\n');
    }
    true
}
