//! role-system: its roles with one permission a pair, members assigned to them; a deny in any held role wins.
//!
//! The crate without its default features, so that no decision is logged. A check copies the roles that the subject holds, which is how the
//! crate works. Types are asked about without an instance.
//!
//! [`Cached`] is the same with the crate's own cache of answers, which keeps each for five minutes and has no bound: after the first time a
//! question is a hit, so what is timed are hits and nothing else.

use std::collections::BTreeSet;

use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Rule};
use role_system::{Permission, Resource, Role, RoleSystem, RoleSystemConfig, Subject};

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "one permission a pair, its cache of answers off";

/// The same with the cache.
pub const CACHED: &str = "the same; every question asked before, all answers in its cache";

fn filled(field: &Field, enable_caching: bool) -> Result<RoleSystem, Trouble> {
    let config = RoleSystemConfig { enable_caching, enable_audit: false, ..RoleSystemConfig::default() };
    let mut system = RoleSystem::with_config(config);
    for role in &field.roles {
        let pairs = |deny: bool| -> BTreeSet<(&str, &str)> {
            role.rules.iter().filter(|rule| rule.deny == deny).flat_map(Rule::pairs).collect()
        };
        let denied = pairs(true);
        let allows = pairs(false).difference(&denied).copied().collect::<Vec<_>>();
        let permissions = denied
            .iter()
            .map(|&(action, kind)| Permission::deny(action, kind))
            .chain(allows.into_iter().map(|(action, kind)| Permission::new(action, kind)));
        system.register_role(Role::with_id(&*role.name, &*role.name).add_permissions(permissions))?;
    }
    for (id, held) in field.members() {
        let subject = Subject::user(id);
        for role in field.named(held) {
            system.assign_role(&subject, &role.name)?;
        }
    }
    Ok(system)
}

fn ask(system: &RoleSystem, question: Question<'_>) -> bool {
    let (subject, action, resource) = question;
    match system.check_permission(&Subject::user(subject), action, &Resource::new("", resource)) {
        Ok(allowed) => allowed,
        Err(error) => broken(question, error),
    }
}

/// Every question decided.
pub struct System(RoleSystem);

impl Engine for System {
    fn load(field: &Field) -> Result<Self, Trouble> {
        filled(field, false).map(System)
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        ask(&self.0, question)
    }
}

/// Every question found in the cache, once it has been asked.
pub struct Cached(RoleSystem);

impl Engine for Cached {
    fn load(field: &Field) -> Result<Self, Trouble> {
        filled(field, true).map(Cached)
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        ask(&self.0, question)
    }
}
