//! gatehouse: policies are Rust code, so the code is the best that its interface lets one write.
//!
//! The crate stores no users and no roles: who asks comes as a value of the application's own. Here that value is the member's roles, found in
//! the application's map, each role a map from (action, resource) to its effect; one veto policy looks for denies, one policy for allows. (The
//! crate's own `RbacPolicy` lists the roles that would do and compares them one by one, which is slower with many roles and cannot
//! deny.) Its futures are ready at once and are polled without a run-time; the feature `tracing` is off.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use foldhash::fast::RandomState;
use gatehouse::{EvaluationSession, PermissionChecker, PolicyBuilder, PolicyDomain};
use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Rule};

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "one policy and one veto, each a look-up a role of the member";

/// What a role says: true is a deny.
type Says = HashMap<(&'static str, &'static str), bool, RandomState>;

struct User {
    roles: Vec<Arc<Says>>,
}

impl User {
    fn is_told(&self, deny: bool, action: &'static str, resource: &'static str) -> bool {
        self.roles.iter().any(|role| role.get(&(action, resource)) == Some(&deny))
    }
}

struct Domain;

impl PolicyDomain for Domain {
    type Subject = User;
    type Action = &'static str;
    type Resource = &'static str;
    type Context = ();
}

/// The checker, and what the application keeps.
pub struct Gatehouse {
    checker: PermissionChecker<Domain>,
    users: HashMap<String, User, RandomState>,
    nobody: User,
    names: HashMap<String, &'static str, RandomState>,
}

impl Engine for Gatehouse {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let mut names: HashMap<String, &'static str, RandomState> = HashMap::default();
        let vocabulary = field.vocabulary();
        for name in vocabulary.actions().into_iter().chain(vocabulary.types()) {
            names.entry(name.to_owned()).or_insert_with(|| Box::leak(name.into()));
        }
        let known = |name: &str| names.get(name).copied().unwrap_or("");
        let mut roles = Vec::new();
        for role in &field.roles {
            let mut says = Says::default();
            for deny in [false, true] {
                let pairs = role.rules.iter().filter(|rule| rule.deny == deny).flat_map(Rule::pairs);
                says.extend(pairs.map(|(action, kind)| ((known(action), known(kind)), deny)));
            }
            roles.push(Arc::new(says));
        }
        let mut users: HashMap<String, User, RandomState> = HashMap::default();
        for (id, held) in field.members() {
            let roles = held.iter().filter_map(|&role| roles.get(role as usize)).cloned().collect();
            users.insert(id.to_owned(), User { roles });
        }
        let mut checker = PermissionChecker::<Domain>::new();
        checker.add_veto(
            PolicyBuilder::<Domain>::new("denied")
                .when(|user, action, resource, ()| user.is_told(true, action, resource))
                .build_veto(),
        );
        checker.add_policy(
            PolicyBuilder::<Domain>::new("allowed")
                .when(|user, action, resource, ()| user.is_told(false, action, resource))
                .build(),
        );
        Ok(Gatehouse { checker, users, nobody: User { roles: Vec::new() }, names })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        let (subject, action, resource) = question;
        let user = self.users.get(subject).unwrap_or(&self.nobody);
        let known = |name: &str| self.names.get(name).copied().unwrap_or("");
        let (action, resource) = (known(action), known(resource));
        let session = EvaluationSession::empty();
        let bound = self.checker.bind(&session, user, &action, &());
        match pin!(bound.check(&resource)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(evaluation) => evaluation.is_granted(),
            Poll::Pending => broken(question, "its future waits"),
        }
    }
}
