//! The sizes that are counted, and the workspace of each, built in code: under valgrind everything takes fifty times as long, so a million
//! members go through no file.
//!
//! Around one middle (1,000 statements, 5 roles, 1,000 members, 47 permissions) one number is varied at a time. Vocabularies and ids are
//! made up, with the same lengths of names at every size: were the names of the large ones longer, it would be their bytes that are
//! counted. One more size is the middle under Hightouch's own vocabulary, and in two some role has conditions, on which no answer rests.

use std::sync::Arc;

use portcullis::{Document, Group, Limits, Member, Schema, Source, Workspace};
use portcullis_testkit::generate::Prng;
use serde_json::{Map, Value, json};

use crate::Trouble;

/// How much there is of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// What it is called in tables and in the baseline.
    pub name: &'static str,
    /// Statements over all roles.
    pub statements: usize,
    /// Roles besides the built-in ones.
    pub roles: usize,
    /// Members, a multiple of ten.
    pub members: usize,
    /// What is asked about.
    pub vocabulary: Vocabulary,
    /// Whether a role has conditions, on permissions of which nothing else is asked: nobody holds it.
    pub conditions: bool,
    /// How often the workspace is compiled, under other seeds each time, in the course of the questions.
    pub seeds: usize,
    /// How often a workspace is compiled before it is made anew, and its schema with it.
    pub kept: usize,
}

/// Where the names of a question's action and resource come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Made up: so many types of so many actions each, taken from `known` ones.
    Made {
        /// Resource types.
        types: usize,
        /// Actions that a type admits.
        admitted: usize,
        /// Actions that there are.
        known: usize,
        /// How many types admit one action less.
        short: usize,
    },
    /// Hightouch's, of 47 permissions.
    Hightouch,
}

impl Vocabulary {
    const MIDDLE: Vocabulary = Vocabulary::Made { types: 10, admitted: 5, known: 10, short: 3 };

    /// How many permissions there are.
    #[must_use]
    pub fn permissions(self) -> usize {
        match self {
            Vocabulary::Made { types, admitted, short, .. } => types * admitted - short,
            Vocabulary::Hightouch => 47,
        }
    }

    /// Whether rows are flat, by the bound that the decider goes by.
    #[must_use]
    pub fn is_flat(self) -> bool {
        self.permissions() <= 512
    }
}

const MIDDLE: Size = Size {
    name: "middle",
    statements: 1_000,
    roles: 5,
    members: 1_000,
    vocabulary: Vocabulary::MIDDLE,
    conditions: false,
    seeds: 20,
    kept: 1,
};

const fn made(types: usize, admitted: usize) -> Vocabulary {
    Vocabulary::Made { types, admitted, known: admitted + 10, short: 0 }
}

/// All sizes, the middle first.
pub const SIZES: [Size; 14] = [
    MIDDLE,
    Size { name: "5 statements", statements: 5, ..MIDDLE },
    Size { name: "10,000 statements", statements: 10_000, kept: 10, ..MIDDLE },
    Size { name: "1,000 roles", roles: 1_000, ..MIDDLE },
    // A role has a statement at least.
    Size { name: "100,000 roles", statements: 100_000, roles: 100_000, seeds: 10, kept: 10, ..MIDDLE },
    // Of ten names two that share a tag would weigh as much as a hundred of a thousand.
    Size { name: "10 members", members: 10, seeds: 100, kept: 5, ..MIDDLE },
    Size { name: "100,000 members", members: 100_000, seeds: 1, ..MIDDLE },
    Size { name: "1,000,000 members", members: 1_000_000, seeds: 1, ..MIDDLE },
    Size { name: "500 permissions", vocabulary: made(20, 25), kept: 2, ..MIDDLE },
    Size { name: "5,000 permissions", vocabulary: made(100, 50), kept: 5, ..MIDDLE },
    Size { name: "25,000 permissions", vocabulary: made(500, 50), kept: 20, ..MIDDLE },
    Size { name: "Hightouch's names", vocabulary: Vocabulary::Hightouch, ..MIDDLE },
    Size { name: "conditions elsewhere", conditions: true, ..MIDDLE },
    Size { name: "the same, 5,000 wide", conditions: true, vocabulary: made(100, 50), kept: 5, ..MIDDLE },
];

/// Roots of type names, of the lengths that such names have; three digits follow. One in ten comes to more than 16 bytes.
const TYPES: [&str; 10] = [
    "sync",
    "model",
    "source",
    "audience",
    "warehouse",
    "parentmodel",
    "destination",
    "folder",
    "querytemplate",
    "identitygraphproject",
];

/// Roots of action names; two digits follow.
const ACTIONS: [&str; 10] =
    ["read", "list", "create", "update", "delete", "enable", "approve", "download", "run", "editsettings"];

fn root(of: &[&'static str; 10], number: usize) -> &'static str {
    of.get(number % 10).copied().unwrap_or("x")
}

impl Size {
    /// A size by name.
    #[must_use]
    pub fn named(name: &str) -> Option<Size> {
        SIZES.into_iter().find(|size| size.name == name)
    }

    /// The vocabulary, numbered under a stamp and seeds of its own.
    ///
    /// # Errors
    /// When it is no schema.
    pub fn schema(&self) -> Result<Schema, Trouble> {
        let Vocabulary::Made { types, admitted, known, short } = self.vocabulary else {
            return Ok(Schema::hightouch()?);
        };
        let mut resources = Map::new();
        for kind in 0..types {
            let name = format!("{}{kind:03}", root(&TYPES, kind));
            let count = admitted - usize::from(kind < short);
            let action = |at: usize| {
                let number = (kind * 3 + at) % known;
                format!("{}{number:02}", root(&ACTIONS, number))
            };
            let actions: Vec<String> = (0..count).map(action).collect();
            let value = json!({ "actions": actions, "aliases": [format!("{name}s")], "covers": [format!("{name}_run")] });
            resources.insert(name, value);
        }
        let text = json!({ "schema": "made", "resources": resources }).to_string();
        Ok(Schema::read(&Source::new("schema.json", text))?.0)
    }

    /// The workspace, under a schema that [`schema`](Self::schema) made.
    ///
    /// # Errors
    /// When a document has a fault.
    pub fn workspace(&self, schema: &Schema) -> Result<Workspace, Trouble> {
        let mut prng = Prng::new(0xc0_0475);
        let mut workspace = Workspace::new("counted", schema.clone());
        let mut limits = Limits::default();
        limits.roles = limits.roles.max(self.roles + 16);
        limits.list_names = limits.list_names.max(self.members);
        workspace.set_limits(limits);
        for role in 0..self.roles {
            // The first roles have one more where they do not come out even.
            let count = self.statements / self.roles + usize::from(role < self.statements % self.roles);
            let text = document(&mut prng, schema, count).to_string();
            let document = Document::read(&Source::new("role.json", text))?.0;
            workspace.add_role(role_name(role), Arc::new(document));
        }
        if self.conditions {
            let conditions = json!({ "labels.team": { "equals": "marketing" } });
            let statement =
                json!({ "effect": "allow", "actions": "*", "resource": "*", "conditions": conditions });
            let text = json!({ "version": "2022-04-26", "policies": [statement] }).to_string();
            workspace.add_role("conditional", Document::read(&Source::new("role.json", text))?.0);
        }
        workspace.set_default_role(role_name(0));
        let mut teams: Vec<Group> =
            (0..20).map(|team| Group::new().role(role_name(team % self.roles))).collect();
        for number in 0..self.members {
            let member = Member::with_role(role_name(prng.below(self.roles)));
            let kind = Kind::of(number);
            let member = if kind == Kind::Suspended { member.suspended() } else { member };
            // One in four holds a role through a group too.
            if prng.below(4) == 0
                && let Some(team) = teams.get_mut(number / 10 % 20)
            {
                *team = std::mem::take(team).member(id(number));
            }
            workspace.add_member(id(number), member);
        }
        for (number, team) in teams.into_iter().enumerate() {
            workspace.add_group(format!("team {number}"), team);
        }
        Ok(workspace)
    }
}

fn role_name(number: usize) -> String {
    format!("role_{number:06}")
}

/// So many statements of one action on one type, one in five a deny.
fn document(prng: &mut Prng, schema: &Schema, statements: usize) -> Value {
    let types = schema.types();
    let mut statement = || -> Value {
        let kind = types.get(prng.below(types.len()));
        let actions: Vec<&str> = kind.map(|kind| schema.actions_of(kind).collect()).unwrap_or_default();
        let effect = if prng.below(5) == 0 { "deny" } else { "allow" };
        json!({ "effect": effect, "actions": [prng.pick(&actions)], "resource": [kind.map(|kind| kind.name())] })
    };
    let policies: Vec<Value> = (0..statements).map(|_| statement()).collect();
    json!({ "version": "2022-04-26", "policies": policies })
}

/// What sets one member apart from another where a check is concerned: by the last digit of their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With an id of 19 to 25 bytes: seven in ten.
    Ordinary,
    /// With an id of 45 bytes, which does not fit into a slot of the table of names.
    Long,
    /// With an id of 6 bytes.
    Short,
    /// With an id of 28 bytes, and suspended.
    Suspended,
}

impl Kind {
    /// The kind of a member.
    #[must_use]
    pub fn of(number: usize) -> Kind {
        match number % 10 {
            7 => Kind::Long,
            8 => Kind::Short,
            9 => Kind::Suspended,
            _ => Kind::Ordinary,
        }
    }
}

/// The id of a member, or of a stranger from the number of members on.
#[must_use]
pub fn id(number: usize) -> String {
    match Kind::of(number) {
        Kind::Ordinary | Kind::Suspended => {
            let letters = "abcdefghij".get(..=number % 10).unwrap_or("a");
            format!("{letters}{number:07}@acme-co.io")
        }
        Kind::Long => format!("svc-loader-{number:07}@warehouse.internal.acme.io"),
        Kind::Short => {
            let digit = |place: u32| char::from(b'a' + (number / 10 / 26_usize.pow(place) % 26) as u8);
            format!("u{}{}{}{}{}", digit(4), digit(3), digit(2), digit(1), digit(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_differ_and_have_the_lengths_of_their_kinds() {
        let mut distinct = BTreeSet::new();
        for number in (0..3_000).chain(1_999_000..2_000_000) {
            let name = id(number);
            let fits = match Kind::of(number) {
                Kind::Ordinary => name.len() == 19 + number % 10 && name.len() <= 25,
                Kind::Long => name.len() == 45,
                Kind::Short => name.len() == 6,
                Kind::Suspended => name.len() == 28,
            };
            assert!(fits && distinct.insert(name), "{number}");
        }
    }

    #[test]
    fn vocabularies_have_the_permissions_and_the_lengths_of_names_that_they_promise() {
        for size in SIZES {
            let schema = size.schema().unwrap();
            assert_eq!(schema.permission_count() as usize, size.vocabulary.permissions(), "{}", size.name);
            if size.vocabulary != Vocabulary::Hightouch {
                let lengths: usize = schema.types().iter().map(|kind| kind.name().len()).sum();
                assert_eq!(lengths * 10, schema.types().len() * 123, "{}", size.name);
                let long = schema.types().iter().filter(|kind| kind.name().len() > 16).count();
                assert_eq!(long * 10, schema.types().len());
            }
        }
    }

    #[test]
    fn every_question_has_a_place_and_every_workspace_its_turn() {
        for size in SIZES {
            assert!(super::super::ask::SINGLES.is_multiple_of(size.seeds), "{}", size.name);
            assert!(size.seeds.is_multiple_of(size.kept) && size.members.is_multiple_of(10), "{}", size.name);
        }
    }

    #[test]
    fn a_small_workspace_is_what_its_size_says() {
        let size = Size { statements: 50, ..SIZES[0] };
        let schema = size.schema().unwrap();
        let snapshot = size.workspace(&schema).unwrap().compile().unwrap().0;
        assert_eq!(snapshot.member_count(), size.members);
        let own: Vec<usize> = snapshot
            .roles()
            .filter(|role| !role.is_built_in())
            .map(|role| role.document().statements().len())
            .collect();
        assert_eq!((own.len(), own.iter().sum::<usize>()), (5, 50));
        assert!(snapshot.is_suspended(&id(9)) && !snapshot.is_suspended(&id(8)));
    }
}
