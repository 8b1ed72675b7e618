//! The questions that are counted: of one mixture at every size, so that the mean is of the same kinds of questions.
//!
//! Of 64 subjects 54 are ordinary members, 4 strangers, and 2 each members with an id of more than 32 bytes, with one of less than 8, and
//! suspended. The pairs of the main stream are admitted ones under the type's own name, but for 4 of 64 with an action and 4
//! with a resource that the vocabulary does not have. Pairs under an alias, or under the name of something covered, and pairs that
//! the type does not admit, make a stream of their own ([`Stream::Aside`]), half and half: a vocabulary of more than 4,096 pairs of
//! names does not keep them in its table of pairs, and looks both names up one by one.

use portcullis::Schema;
use portcullis::matrix::{Permission, Subject};
use portcullis::{Reason, Snapshot};
use portcullis_testkit::generate::Prng;

use super::sizes::{Kind, Size, id};
use crate::Trouble;

/// One question by name.
#[derive(Clone, Debug)]
pub struct Named {
    /// Who asks.
    pub subject: String,
    /// To do what.
    pub action: String,
    /// On what.
    pub resource: String,
}

impl Named {
    /// As the library takes it.
    #[must_use]
    pub fn parts(&self) -> (&str, &str, &str) {
        (&self.subject, &self.action, &self.resource)
    }
}

/// Which pairs are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Admitted pairs and unknown names.
    Main,
    /// Aliases, covered names, and pairs that are not admitted.
    Aside,
}

/// Draws questions about a size.
#[derive(Debug)]
pub struct Draw<'s> {
    prng: Prng,
    schema: &'s Schema,
    actions: Vec<&'s str>,
    members: usize,
}

impl<'s> Draw<'s> {
    /// Questions about the workspace of a size under this schema, the same ones from the same seed.
    #[must_use]
    pub fn new(size: &Size, schema: &'s Schema, seed: u64) -> Self {
        let actions = schema.actions().collect();
        Draw { prng: Prng::new(seed), schema, actions, members: size.members }
    }

    /// So many questions.
    pub fn named(&mut self, count: usize, stream: Stream) -> Vec<Named> {
        (0..count)
            .map(|_| {
                let subject = self.subject();
                let (action, resource) = match stream {
                    Stream::Main => self.main_pair(),
                    Stream::Aside => self.aside_pair(),
                };
                Named { subject, action, resource }
            })
            .collect()
    }

    /// So many handles of members who are not suspended, and of permissions.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn handles(
        &mut self,
        count: usize,
        snapshot: &Snapshot,
    ) -> Result<Vec<(Subject, Permission)>, Trouble> {
        let all = (0..count).map(|_| {
            let member = self.member(Kind::Ordinary);
            let subject = snapshot.subject(&member).ok_or("a member is not there")?;
            let (action, resource) = self.admitted();
            let permission = snapshot.permission(action, resource).map_err(Reason::as_str)?;
            Ok((subject, permission))
        });
        all.collect()
    }

    fn subject(&mut self) -> String {
        match self.prng.below(64) {
            0..2 => self.member(Kind::Long),
            2..4 => self.member(Kind::Short),
            4..6 => self.member(Kind::Suspended),
            6..10 => {
                let number = self.number(Kind::Ordinary);
                id(self.members + number)
            }
            _ => self.member(Kind::Ordinary),
        }
    }

    fn member(&mut self, kind: Kind) -> String {
        id(self.number(kind))
    }

    fn number(&mut self, kind: Kind) -> usize {
        let digit = match kind {
            Kind::Ordinary => self.prng.below(7),
            Kind::Long => 7,
            Kind::Short => 8,
            Kind::Suspended => 9,
        };
        self.prng.below(self.members / 10) * 10 + digit
    }

    fn admitted(&mut self) -> (&'s str, &'s str) {
        let types = self.schema.types();
        let Some(kind) = types.get(self.prng.below(types.len())) else { return ("", "") };
        let at = self.prng.below(kind.permissions().len());
        (self.schema.actions_of(kind).nth(at).unwrap_or(""), kind.name())
    }

    fn main_pair(&mut self) -> (String, String) {
        let (action, resource) = self.admitted();
        match self.prng.below(64) {
            0..4 => (format!("{action}?"), resource.to_owned()),
            4..8 => (action.to_owned(), format!("{resource}?")),
            _ => (action.to_owned(), resource.to_owned()),
        }
    }

    fn aside_pair(&mut self) -> (String, String) {
        let types = self.schema.types();
        // Types without another name, or that admit everything, are passed over.
        for _ in 0..1_000 {
            let Some(kind) = types.get(self.prng.below(types.len())) else { continue };
            if self.prng.below(2) == 0 {
                let names: Vec<&str> = kind.aliases().chain(kind.covers()).collect();
                let at = self.prng.below(kind.permissions().len());
                if let (Some(name), Some(action)) =
                    (self.prng.pick(&names), self.schema.actions_of(kind).nth(at))
                {
                    return (action.to_owned(), (*name).to_owned());
                }
            } else if let Some(action) = self.prng.pick(&self.actions)
                && !self.schema.actions_of(kind).any(|admitted| admitted == *action)
            {
                return ((*action).to_owned(), kind.name().to_owned());
            }
        }
        (String::new(), String::new())
    }
}
