//! The turns themselves: `load` as a process, and what it and the kernel tell of each.

use std::collections::BTreeMap;
use std::process::Command;

use super::Plan;
use super::contenders::{Places, sibling};
use super::measures::{Measure, Name};
use super::server::Server;
use crate::Trouble;
use crate::load::processor_time;

/// What one turn came to: microseconds but for the rate and the errors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Turn {
    pub(super) rate: f64,
    pub(super) decisions: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) errors: f64,
    /// Processor time a request, of the server and of the load generator.
    pub(super) server: f64,
    pub(super) load: f64,
}

/// The turns of each server in each measure, by the measure's position; a turn a round.
pub(super) type Results = BTreeMap<(usize, Name), Vec<Turn>>;

/// Goes through all rounds.
pub(super) fn go(
    plan: &Plan,
    places: &Places<'_>,
    measures: &[Measure],
    running: &mut [Server],
) -> Result<Results, Trouble> {
    let mut results = Results::new();
    for round in 1..=plan.rounds {
        for (number, measure) in measures.iter().enumerate() {
            for name in &measure.takes_part {
                let Some(server) = running.iter().find(|server| server.name == *name) else { continue };
                let turn = turn(plan, places, measure, server).map_err(|trouble| {
                    format!("{}: {name}: {trouble}; {}", measure.name, server.last_words())
                })?;
                eprintln!("round {round}: {}: {name}: {:.0}/s", measure.name, turn.rate);
                results.entry((number, *name)).or_default().push(turn);
            }
        }
    }
    Ok(results)
}

fn turn(plan: &Plan, places: &Places<'_>, measure: &Measure, server: &Server) -> Result<Turn, Trouble> {
    let folder = if measure.large { places.large } else { places.small };
    let mut command = Command::new(sibling("load")?);
    command.arg(folder).arg(server.address.to_string()).args(&measure.words);
    let warming = if plan.quick { "0.3" } else { "1" };
    command.args(["--seconds", &plan.seconds.to_string(), "--warming", warming]);
    if server.constant {
        command.arg("--constant");
    }
    if let Some(key) = &server.key {
        command.arg("--key-file").arg(key);
    }
    let before = processor_time(&server.id()).unwrap_or_default();
    let done = command.output()?;
    let after = processor_time(&server.id()).unwrap_or_default();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).trim().into());
    }
    let (mut turn, asked) = read(&String::from_utf8(done.stdout)?)?;
    turn.server = after.saturating_sub(before).as_secs_f64() * 1e6 / asked;
    Ok(turn)
}

/// Reads what `load` tells: the turn, and how many requests there were in all.
fn read(told: &str) -> Result<(Turn, f64), Trouble> {
    let figures: BTreeMap<&str, f64> = told
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once('\t')?;
            Some((name, value.parse().ok()?))
        })
        .collect();
    let figure = |name: &str| {
        let found = figures.get(name).copied();
        found.ok_or_else(|| Trouble::from(format!("expected `{name}` from the load generator, found {told}")))
    };
    let turn = Turn {
        rate: figure("rate")?,
        decisions: figure("decisions")?,
        p50: figure("p50_us")?,
        p99: figure("p99_us")?,
        p999: figure("p999_us")?,
        errors: figure("errors")?,
        server: 0.0,
        load: figure("load_us")?,
    };
    Ok((turn, figure("asked")?.max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Outcome;

    #[test]
    fn what_the_load_generator_writes_is_read() {
        let mut outcome = Outcome::new().unwrap();
        let now = std::time::Instant::now();
        outcome.note(now, now + std::time::Duration::from_millis(3), 500);
        outcome.asked = 700;
        outcome.decisions = 90;
        outcome.lasted = std::time::Duration::from_secs(1);
        let (turn, asked) = read(&outcome.to_string()).unwrap();
        assert_eq!((turn.rate, turn.decisions, asked), (500.0, 45_000.0, 700.0));
        assert!((turn.p99 / 3_000.0 - 1.0).abs() < 0.01, "{turn:?}");
        assert!(read("rate\t1\n").is_err());
    }
}
