//! What runs in a process of its own: one engine at one size, so that its load time and its memory are its own.
//!
//! It loads, compares decisions with what is expected, says so on standard output, and then makes a timed pass for each line on standard
//! input, until that ends. It never times what it has not verified: a pass is over a prefix of the verified questions, and how many of
//! them are allowed is compared again after every pass. A difference ends the process with status 4 and the question by name.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use portcullis_benches::field::Field;
use portcullis_benches::{QUESTIONS, Trouble, memory};

use crate::engines::{Engine, Question};

/// At least so many questions are verified, if that takes no longer than [`MOST`].
const LEAST: usize = 200;

/// However slow an engine is, verifying ends by then.
const MOST: Duration = Duration::from_secs(30);

/// The status of a process whose engine decided otherwise than the reference.
pub const DIFFERS: i32 = 4;

/// What a child is to do.
pub struct Orders {
    /// Members of the field.
    pub members: usize,
    /// Roles of the field.
    pub roles: usize,
    /// After [`LEAST`] questions, verifying ends when it has taken so long.
    pub patience: Duration,
}

/// Loads, verifies and waits for passes.
///
/// # Errors
/// When the field cannot be made or the engine refuses it.
pub fn serve<E: Engine>(orders: &Orders) -> Result<(), Trouble> {
    let field = Field::new(orders.members, orders.roles)?;
    let stream = field.stream(QUESTIONS);
    let before = memory("self", "VmRSS").unwrap_or(0);
    let started = Instant::now();
    let mut engine = E::load(&field)?;
    let took = started.elapsed();
    let after = memory("self", "VmRSS").unwrap_or(0);
    let peak = memory("self", "VmHWM").unwrap_or(0);
    say(&format!(
        "loaded {} {} {}",
        took.as_nanos(),
        after.saturating_sub(before),
        peak.saturating_sub(before)
    ))?;

    let all = stream.questions().into_iter().zip(stream.expected().iter().copied());
    let (questions, expected): (Vec<Question<'_>>, Vec<bool>) =
        all.filter(|(question, _)| engine.takes(*question)).unzip();
    engine.prepare(&questions);
    let verified = match verify(&mut engine, &questions, &expected, orders.patience) {
        Ok(verified) => verified,
        Err(difference) => {
            eprintln!("{difference}");
            std::process::exit(DIFFERS);
        }
    };
    say(&format!("verified {verified} {}", questions.len()))?;

    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut numbers = line.split(' ').map(str::parse::<usize>);
        let (Some(Ok(asked)), Some(Ok(repeats))) = (numbers.next(), numbers.next()) else {
            return Err(format!("expected `QUESTIONS REPEATS`, found `{line}`").into());
        };
        let asked = questions.get(..asked.min(verified)).unwrap_or(&questions);
        let right = expected.iter().take(asked.len()).filter(|allowed| **allowed).count();
        let mut allowed = 0;
        let started = Instant::now();
        for _ in 0..repeats {
            allowed += engine.count(black_box(asked));
        }
        let took = started.elapsed();
        if allowed != right * repeats {
            eprintln!(
                "a timed pass over {} questions allowed {allowed} instead of {}",
                asked.len(),
                right * repeats
            );
            std::process::exit(DIFFERS);
        }
        say(&format!("took {}", took.as_nanos() as f64 / (asked.len() * repeats).max(1) as f64))?;
    }
    // What it takes to free it all is nobody's question.
    std::mem::forget(engine);
    Ok(())
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Compares decisions until all are compared or patience is at its end, and says how many.
fn verify<E: Engine>(
    engine: &mut E,
    questions: &[Question<'_>],
    expected: &[bool],
    patience: Duration,
) -> Result<usize, String> {
    let started = Instant::now();
    let (mut verified, mut step) = (0, 1);
    let mut decisions = Vec::new();
    while verified < questions.len() {
        let spent = started.elapsed();
        if spent > MOST || (verified >= LEAST && spent > patience) {
            break;
        }
        let asked = questions.get(verified..questions.len().min(verified + step)).unwrap_or(&[]);
        decisions.clear();
        let begun = Instant::now();
        engine.decide(verified, asked, &mut decisions);
        if decisions.len() != asked.len() {
            return Err(format!("{} questions earned {} decisions", asked.len(), decisions.len()));
        }
        for ((question, decided), expected) in
            asked.iter().zip(&decisions).zip(expected.iter().skip(verified))
        {
            if decided != expected {
                let says = |allowed: bool| if allowed { "allow" } else { "deny" };
                return Err(format!(
                    "{question:?}: the engine says {}, expected {}",
                    says(*decided),
                    says(*expected)
                ));
            }
        }
        verified += asked.len();
        // Larger steps while they are quick, so that batches are batches and slow engines end in time.
        if begun.elapsed() < Duration::from_millis(20) {
            step = (step * 2).min(1_024);
        }
    }
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Odd(usize);

    impl Engine for Odd {
        fn load(_: &Field) -> Result<Self, Trouble> {
            Ok(Odd(0))
        }

        fn check(&mut self, (subject, _, _): Question<'_>) -> bool {
            self.0 += 1;
            subject.len() % 2 == 1
        }
    }

    #[test]
    fn the_first_difference_is_named_and_patience_ends() {
        let questions = vec![("a", "read", "sync"), ("ab", "read", "sync"), ("abc", "update", "sync")];
        let all = Duration::from_secs(5);
        assert_eq!(verify(&mut Odd(0), &questions, &[true, false, true], all), Ok(3));
        let wrong = verify(&mut Odd(0), &questions, &[true, false, false], all);
        let said = r#"("abc", "update", "sync"): the engine says allow, expected deny"#;
        assert_eq!(wrong, Err(said.to_owned()));
        let many = vec![("a", "read", "sync"); 100_000];
        let verified = verify(&mut Odd(0), &many, &[true; 100_000], Duration::ZERO).unwrap();
        assert!((LEAST..100_000).contains(&verified), "{verified}");
    }
}
