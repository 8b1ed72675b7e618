//! Random workspaces, given to Cedar and Casbin as well: what the engine and the reference say, both of them must say too.
//!
//! A case has a schema, roles with wildcards, patterns, denies and aliases, members with groups, suspended ones, and questions under every
//! name that a question may use. What the other two get is [`Field::from_workspace`]: names expanded, aliases resolved, suspended members
//! left out. So this is about the decision: unions of roles, denies that win, pairs that are not admitted, strangers. Any difference ends the
//! run with the seed and the whole case.

use std::time::{Duration, Instant};

use portcullis::{NoFiles, Source, Workspace};
use portcullis_benches::Trouble;
use portcullis_benches::field::Field;
use portcullis_testkit::generate::{Prng, Size, case};

use crate::engines::{Casbin, Cedar, Engine, under_test};

/// Cases from this seed on, from 0 again behind the last there is, until the time is up, and at least one. Says how many.
///
/// # Errors
/// The first difference, with its case.
pub fn until(seed: u64, most: Duration) -> Result<String, Trouble> {
    let started = Instant::now();
    let (mut cases, mut questions, mut allowed) = (0_u64, 0, 0);
    while cases == 0 || started.elapsed() < most {
        let (asked, granted) = compare(seed.wrapping_add(cases))?;
        cases += 1;
        questions += asked;
        allowed += granted;
    }
    Ok(format!(
        "seeds {seed} to {}: {cases} workspaces, {questions} questions, {allowed} allowed; portcullis, the reference, Cedar and Casbin agree on all",
        seed.wrapping_add(cases - 1)
    ))
}

/// One case of any size up to a dozen roles. How many questions, and how many of them are allowed.
fn compare(seed: u64) -> Result<(usize, usize), Trouble> {
    let mut prng = Prng::new(seed ^ 0xd1ff);
    let mut up_to = |most: usize| 1 + prng.below(most);
    let size = Size {
        types: up_to(8),
        actions: up_to(8),
        roles: up_to(12),
        statements: up_to(6),
        groups: up_to(6),
        members: up_to(12),
        questions: 150,
    };
    let case = case(seed, size)?;
    let told = serde_json::to_string_pretty(&case.workspace)?;
    under_test(&format!("seed {seed}, workspace:\n{told}"));
    let (field, stream) = Field::from_workspace(&case.workspace, &case.questions)?;
    let mut cedar = Cedar::load(&field)?;
    let casbin = Casbin::load(&field)?;
    let (workspace, _) = Workspace::read(&Source::new("workspace.json", told.clone()), &NoFiles)?;
    let (snapshot, _) = workspace.compile()?;
    let mut allowed = 0;
    for (as_written, resolved) in case.questions.iter().zip(stream.questions()) {
        let expected = as_written.expected;
        let said = [
            (
                "portcullis",
                snapshot.check(&as_written.subject, &as_written.action, &as_written.resource).is_allowed(),
            ),
            ("cedar", cedar.check(resolved)),
            ("casbin", casbin.evaluate(resolved)),
        ];
        if said.iter().any(|(_, allowed)| *allowed != expected) {
            return Err(format!(
                "seed {seed}: {as_written:?}, asked of the others as {resolved:?}: {said:?}\nworkspace:\n{told}"
            )
            .into());
        }
        allowed += usize::from(expected);
    }
    Ok((case.questions.len(), allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cedar_and_casbin_agree_on_random_workspaces() {
        let mut allowed = 0;
        for seed in 0..150 {
            allowed += compare(seed).unwrap().1;
        }
        assert!(allowed > 1_000, "{allowed} allowed of 22,500: the cases ask about nothing");
    }
}
