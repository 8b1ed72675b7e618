//! casbin: one line a role and permission, members as grouping lines.
//!
//! casbin evaluates its matcher for one policy line after the other, so the fewest lines, the cheapest matcher and the earliest end win. A
//! permission is one field instead of two (`action` and type, a line break between), compared before the roles are looked at. Denies
//! come first and the effect is by priority, so that evaluation ends with the first line that matches and a deny wins; with the
//! usual effect of allow-and-deny it would always walk all lines. Permissions that a role both allows and denies need one line.
//! Strangers are turned away by a set of the members' ids beforehand: casbin looks for a name that holds no role by walking all
//! names, which at a million members takes milliseconds. Patterns as in `keyMatch`, or lists with `in`, would make fewer lines, of
//! which each costs a function call or a list where these cost a comparison.
//!
//! [`Cached`] is casbin's own cache of answers with room for the whole stream (by default it holds 200): after the first time a question is a hit,
//! so what is timed are hits and nothing else. casbin keys it by a 64-bit hash of the question and does not compare the question itself.

use std::collections::{BTreeSet, HashSet};

use casbin::{CachedApi, CachedEnforcer, CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use foldhash::fast::RandomState;
use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Rule};

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "one line a permission of a role, denies first, effect by priority";

/// The same with the cache.
pub const CACHED: &str = "the same; every question asked before, room for all answers";

const MODEL: &str = "
[request_definition]
r = sub, perm
[policy_definition]
p = sub, perm, eft
[role_definition]
g = _, _
[policy_effect]
e = priority(p_eft) || deny
[matchers]
m = r.perm == p.perm && g(r.sub, p.sub)
";

/// How many answers the cache has room for: more than there are questions.
const ROOM: usize = 1 << 18;

fn permission(action: &str, resource: &str) -> String {
    format!("{action}\n{resource}")
}

async fn filled<E: CoreApi + MgmtApi>(field: &Field) -> Result<E, Trouble> {
    let model = DefaultModel::from_str(MODEL).await?;
    let mut enforcer = E::new(model, MemoryAdapter::default()).await?;
    enforcer.enable_auto_save(false);
    let (mut denies, mut allows) = (Vec::new(), Vec::new());
    for role in &field.roles {
        let pairs = |deny: bool| -> BTreeSet<String> {
            let rules = role.rules.iter().filter(|rule| rule.deny == deny);
            rules.flat_map(Rule::pairs).map(|(action, kind)| permission(action, kind)).collect()
        };
        let denied = pairs(true);
        let line = |pair: &String, effect: &str| vec![role.name.clone(), pair.clone(), effect.to_owned()];
        allows.extend(pairs(false).difference(&denied).map(|pair| line(pair, "allow")));
        denies.extend(denied.iter().map(|pair| line(pair, "deny")));
    }
    denies.append(&mut allows);
    enforcer.add_policies(denies).await?;
    let held = field
        .members()
        .flat_map(|(id, held)| field.named(held).map(move |role| vec![id.to_owned(), role.name.clone()]));
    enforcer.add_grouping_policies(held.collect()).await?;
    Ok(enforcer)
}

fn ready<E: CoreApi + MgmtApi>(field: &Field) -> Result<E, Trouble> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(filled(field))
}

fn ask(enforcer: &impl CoreApi, question: Question<'_>) -> bool {
    let (subject, action, resource) = question;
    match enforcer.enforce((subject, permission(action, resource))) {
        Ok(allowed) => allowed,
        Err(error) => broken(question, error),
    }
}

type Ids = HashSet<String, RandomState>;

fn ids(field: &Field) -> Ids {
    field.members().map(|(id, _)| id.to_owned()).collect()
}

/// Every question of a member evaluated.
pub struct Casbin {
    enforcer: Enforcer,
    members: Ids,
}

impl Casbin {
    /// What casbin itself says, of strangers too.
    pub fn evaluate(&self, question: Question<'_>) -> bool {
        ask(&self.enforcer, question)
    }
}

impl Engine for Casbin {
    fn load(field: &Field) -> Result<Self, Trouble> {
        Ok(Casbin { enforcer: ready(field)?, members: ids(field) })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        self.members.contains(question.0) && ask(&self.enforcer, question)
    }
}

/// Every question found in the cache, once it has been asked.
pub struct Cached {
    enforcer: CachedEnforcer,
    members: Ids,
}

impl Engine for Cached {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut enforcer: CachedEnforcer = ready(field)?;
        enforcer.set_cache(Box::new(casbin::DefaultCache::new(ROOM)));
        Ok(Cached { enforcer, members: ids(field) })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        self.members.contains(question.0) && ask(&self.enforcer, question)
    }
}
