//! What a team writes by hand, with the standard library's hashing and with foldhash.
//!
//! [`Roles`]: a map from users to lists of roles, and for each role a map from (action, resource) to the effect; any deny among the
//! user's roles wins. One map a role with an effect in it is one look-up a role where a set of what is allowed and a set of what is denied are
//! two. Keys are tuples of texts that live as long as the program, so that a question needs no allocation; users own their ids.
//!
//! [`Triples`]: one set of every (user, action, resource) that is allowed, denies taken away when it is made. Its look-up is one, it cannot be
//! edited by role, and it holds a member's whole grid for every member.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Role, Rule};

use super::{Engine, Question};

/// How [`Roles`] works, in a few words.
pub const ROLES: &str = "HashMap of users to Vec of roles, HashMap of (action, resource) a role";

/// How [`Triples`] works, in a few words.
pub const TRIPLES: &str = "one HashSet of (user, action, resource)";

/// Texts that live as long as the program, each once.
#[derive(Default)]
struct Lasting(HashMap<String, &'static str>);

impl Lasting {
    fn text(&mut self, text: &str) -> &'static str {
        if let Some(known) = self.0.get(text) {
            return known;
        }
        let kept: &'static str = Box::leak(text.into());
        self.0.insert(text.to_owned(), kept);
        kept
    }
}

/// Whether a role denies (true) or allows (false) a pair; its denies win over its allows.
fn effects<S: BuildHasher + Default>(role: &Role, lasting: &mut Lasting) -> HashMap<Pair, bool, S> {
    let mut effects = HashMap::default();
    for deny in [false, true] {
        for (action, resource) in role.rules.iter().filter(|rule| rule.deny == deny).flat_map(Rule::pairs) {
            effects.insert((lasting.text(action), lasting.text(resource)), deny);
        }
    }
    effects
}

type Pair = (&'static str, &'static str);

/// Users to roles, roles to what they say.
pub struct Roles<S> {
    users: HashMap<String, Vec<u32>, S>,
    roles: Vec<HashMap<Pair, bool, S>>,
}

impl<S: BuildHasher + Default> Engine for Roles<S> {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut lasting = Lasting::default();
        let roles = field.roles.iter().map(|role| effects(role, &mut lasting)).collect();
        let users = field.members().map(|(id, held)| (id.to_owned(), held.to_vec())).collect();
        Ok(Roles { users, roles })
    }

    fn check(&mut self, (subject, action, resource): Question<'_>) -> bool {
        let Some(held) = self.users.get(subject) else { return false };
        let mut allowed = false;
        for &role in held {
            match self.roles.get(role as usize).and_then(|says| says.get(&(action, resource))) {
                Some(true) => return false,
                Some(false) => allowed = true,
                None => {}
            }
        }
        allowed
    }
}

/// All that is allowed.
pub struct Triples<S> {
    allowed: HashSet<(&'static str, &'static str, &'static str), S>,
}

impl<S: BuildHasher + Default> Engine for Triples<S> {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut lasting = Lasting::default();
        let roles: Vec<HashMap<Pair, bool>> =
            field.roles.iter().map(|role| effects(role, &mut lasting)).collect();
        let mut allowed = HashSet::default();
        for (id, held) in field.members() {
            let id: &'static str = Box::leak(id.into());
            let held: Vec<_> = held.iter().filter_map(|&role| roles.get(role as usize)).collect();
            for (&(action, resource), _) in
                held.iter().flat_map(|says| says.iter()).filter(|(_, deny)| !**deny)
            {
                if !held.iter().any(|says| says.get(&(action, resource)) == Some(&true)) {
                    allowed.insert((id, action, resource));
                }
            }
        }
        Ok(Triples { allowed })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        self.allowed.contains(&question)
    }
}
