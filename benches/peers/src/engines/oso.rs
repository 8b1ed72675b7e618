//! oso, the Polar language: roles as facts of the policy, members as values of the application with a list of role names.
//!
//! Polar indexes rules by the values of their arguments, so that `grants("editor", "read", "sync")` is found without walking the other facts;
//! hence a fact for each pair of each role. Members in the policy as facts would make every new member a
//! change of the policy, so they are looked up in the application's map, which is how oso is meant to be used. `cut` lets the first role that
//! allows end the search; `denies` is looked at only then.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use foldhash::fast::RandomState;
use oso::{Class, Oso, PolarClass};
use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Rule};

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "a fact a permission of a role, members in the application's map";

const POLICY: &str = r#"
allow(member: Member, action: String, resource: String) if
    granted(member.roles, action, resource) and
    not denied(member.roles, action, resource);

granted(roles, action, resource) if role in roles and grants(role, action, resource) and cut;
denied(roles, action, resource) if role in roles and denies(role, action, resource) and cut;

# So that both are rules where no role has such a fact.
grants("", "", "");
denies("", "", "");
"#;

#[derive(Clone)]
struct Member {
    roles: Vec<String>,
}

impl PolarClass for Member {
    fn get_polar_class_builder() -> oso::ClassBuilder<Self> {
        Class::builder().name("Member").add_attribute_getter("roles", |member: &Member| member.roles.clone())
    }
}

/// The policy and the application's members.
pub struct Polar {
    oso: Oso,
    members: HashMap<String, Member, RandomState>,
}

impl Engine for Polar {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut text = POLICY.to_owned();
        for role in &field.roles {
            for (deny, fact) in [(false, "grants"), (true, "denies")] {
                let rules = role.rules.iter().filter(|rule| rule.deny == deny);
                for (action, kind) in rules.flat_map(Rule::pairs).collect::<BTreeSet<_>>() {
                    writeln!(text, "{fact}({:?}, {action:?}, {kind:?});", role.name)?;
                }
            }
        }
        let mut oso = Oso::new();
        oso.register_class(Member::get_polar_class())?;
        oso.load_str(&text)?;
        let members = field.members().map(|(id, held)| {
            let roles = field.named(held).map(|role| role.name.clone()).collect();
            (id.to_owned(), Member { roles })
        });
        Ok(Polar { oso, members: members.collect() })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        let (subject, action, resource) = question;
        let Some(member) = self.members.get(subject) else { return false };
        match self.oso.is_allowed(member.clone(), action, resource) {
            Ok(allowed) => allowed,
            Err(error) => broken(question, error),
        }
    }
}
