//! biscuit-auth: its Datalog authorizer, given only the facts of the member's roles.
//!
//! A biscuit is a token that carries facts with a signature; verifying one is not what is compared here, so the authorizer runs without a
//! token, which spares it the token's blocks. An authorizer answers one question and is made anew for each: for every role an authorizer's facts lie
//! ready, those of the member's roles are put together, and the question is added as a fact. With the facts of all roles a check would grow
//! with them (50 ms at a thousand roles). The default limit of a millisecond is raised, as a busy machine would else answer by
//! accident; an authorizer that runs into a limit ends the run.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use biscuit_auth::builder::{Fact, fact, string};
use biscuit_auth::builder_ext::AuthorizerExt;
use biscuit_auth::error::{Logic, MatchedPolicy, Token};
use biscuit_auth::{AuthorizerBuilder, AuthorizerLimits};
use foldhash::fast::RandomState;
use portcullis_benches::Trouble;
use portcullis_benches::field::{Field, Rule};

use super::{Engine, Question, broken};

/// How it is set up, in a few words.
pub const SETUP: &str = "an authorizer a question with the facts of the member's roles, no token";

/// Facts of roles, members in the application's map.
pub struct Biscuit {
    roles: Vec<AuthorizerBuilder>,
    policies: AuthorizerBuilder,
    members: HashMap<String, Vec<u32>, RandomState>,
}

impl Engine for Biscuit {
    fn load(field: &Field) -> Result<Self, Trouble> {
        let limits =
            AuthorizerLimits { max_time: Duration::from_secs(10), max_facts: 100_000, ..Default::default() };
        let policies = AuthorizerBuilder::new()
            .policy("deny if asked($action, $type), denied($action, $type)")?
            .policy("allow if asked($action, $type), granted($action, $type)")?
            .deny_all()
            .set_limits(limits);
        let mut roles = Vec::new();
        for role in &field.roles {
            let mut builder = AuthorizerBuilder::new();
            for (deny, name) in [(false, "granted"), (true, "denied")] {
                let rules = role.rules.iter().filter(|rule| rule.deny == deny);
                for pair in rules.flat_map(Rule::pairs).collect::<BTreeSet<_>>() {
                    builder = builder.fact(about(name, pair))?;
                }
            }
            roles.push(builder);
        }
        let members = field.members().map(|(id, held)| (id.to_owned(), held.to_vec())).collect();
        Ok(Biscuit { roles, policies, members })
    }

    fn check(&mut self, question: Question<'_>) -> bool {
        let (subject, action, resource) = question;
        let Some(held) = self.members.get(subject) else { return false };
        let mut builder = self.policies.clone();
        for role in held.iter().filter_map(|&role| self.roles.get(role as usize)) {
            builder = builder.merge(role.clone());
        }
        let authorizer =
            builder.fact(about("asked", (action, resource))).and_then(|it| it.build_unauthenticated());
        match authorizer.and_then(|mut authorizer| authorizer.authorize()) {
            Ok(_) => true,
            Err(Token::FailedLogic(Logic::Unauthorized { policy: MatchedPolicy::Deny(_), .. })) => false,
            Err(error) => broken(question, error),
        }
    }
}

fn about(name: &str, (action, resource): (&str, &str)) -> Fact {
    fact(name, &[string(action), string(resource)])
}
