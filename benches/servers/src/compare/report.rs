//! The record: tables of medians, and ratios of turns that stood beside each other.
//!
//! A ratio is taken round by round and its median told, with the least and the most behind it, so that a reader sees how far the machine's moods go.

use std::fmt::Write as _;

use super::contenders::version;
use super::measures::Measure;
use super::rounds::{Results, Turn};
use super::server::Server;
use super::{Plan, machine};

/// The middle one of some numbers, or the mean of the two in the middle.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    let middle = of.len() / 2;
    let (low, high) = (of.get((of.len().saturating_sub(1)) / 2), of.get(middle));
    low.zip(high).map_or(f64::NAN, |(low, high)| f64::midpoint(*low, *high))
}

fn medians(turns: &[Turn], figure: impl Fn(&Turn) -> f64) -> f64 {
    median(turns.iter().map(figure).collect())
}

/// Ratios round by round: the median, the least and the most.
fn ratio(turns: &[Turn], base: &[Turn], figure: impl Fn(&Turn) -> f64) -> (f64, f64, f64) {
    let ratios: Vec<f64> = turns.iter().zip(base).map(|(turn, base)| figure(turn) / figure(base)).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (median(ratios), least, most)
}

/// A number with its thousands apart.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn milliseconds(micros: f64) -> String {
    format!("{:.2} ms", micros / 1_000.0)
}

fn megabytes(bytes: Option<usize>) -> String {
    bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))
}

/// The whole record.
pub(super) fn written(plan: &Plan, measures: &[Measure], results: &Results, running: &[Server]) -> String {
    let mut out = String::new();
    let mut say = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    say(&format!("# {}: decision servers", machine::today()));
    say("");
    say(&format!(
        "Servers beside each other on loopback, the load generator on the same cores: {} rounds, in each of which every server had a turn of {} s at every measure. Written by",
        plan.rounds, plan.seconds
    ));
    say("\n```console");
    say(&format!("$ benches/servers/run {}", repeatable(&plan.words)));
    say("```\n");
    say(INTRODUCTION);
    say("\n## Machine\n");
    for line in machine::described() {
        say(&format!("- {line}"));
    }
    let programs = [("portcullis", &plan.portcullis), ("Cerbos", &plan.cerbos)];
    for (name, program) in programs {
        let told = program.as_deref().and_then(version);
        say(&format!("- {name}: {}", told.as_deref().unwrap_or("not measured")));
    }
    say(&format!(
        "- wanting to run when this was written, on average of the last minute: {}",
        machine::load_average()
    ));
    for (number, measure) in measures.iter().enumerate() {
        let some = measure.takes_part.iter().any(|name| results.contains_key(&(number, *name)));
        if some {
            say(&format!("\n## {}\n", capital(&measure.name)));
            say(table(number, measure, results).trim_end());
        }
    }
    say("\n## Memory\n");
    say(memory(plan, running).trim_end());
    out
}

const INTRODUCTION: &str = "\
Before each turn every distinct request was asked once and its decisions compared with the expected ones; during the turn they were compared again. A
wrong decision ends the run; answers with another status than 200 are counted as errors. Bare servers allow everything and are held to that.

The workload (`benches/servers/src/workload`): Hightouch's five roles, 1,000 members with one to three of them, 8,192 single questions of which one in 16 is about a
stranger, 1,024 batches of all 90 pairs about one subject. `portcullis` serves a data folder and authenticates an administrator's key with each
request; the sidecar serves a workspace file without keys. Cerbos is told the subject's roles with each request, and Portcullis is asked with the same
bodies beside it (`workload/cerbos.rs` says how it is set up). Bare servers parse the body with derived structs and answer a constant, without log, metrics or
credential; without a note they use the system's allocator.

Figures are medians of the rounds. *Of the first* is the ratio to the first row round by round: its median (least to most). *CPU* is the processor time of the
server for one request, and of the load generator, in microseconds, by the kernel's clock; both together, not the server alone, are what
the cores are shared by.";

/// The words of the command line without those that `run` adds by itself.
fn repeatable(words: &str) -> String {
    let mut kept = Vec::new();
    let mut words = words.split(' ');
    while let Some(word) = words.next() {
        if ["--portcullis", "--cerbos", "--record"].contains(&word) {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept.join(" ").trim().to_owned()
}

fn capital(text: &str) -> String {
    if text.starts_with("gRPC") {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn table(number: usize, measure: &Measure, results: &Results) -> String {
    let mut out = String::from(
        "| server | a second | of the first | p50 | p99 | of the first | p99.9 | CPU: server, load | errors |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let base = measure.takes_part.first().and_then(|name| results.get(&(number, *name)));
    for (place, name) in measure.takes_part.iter().enumerate() {
        let Some(turns) = results.get(&(number, *name)) else { continue };
        let against = |figure: &dyn Fn(&Turn) -> f64| match base {
            Some(base) if place > 0 => {
                let (middle, least, most) = ratio(turns, base, figure);
                format!("{middle:.2} ({least:.2} to {most:.2})")
            }
            _ => String::new(),
        };
        let (rate, decisions) = (medians(turns, |t| t.rate), medians(turns, |t| t.decisions));
        let mut told = thousands(rate);
        if decisions > 1.5 * rate {
            let _ = write!(told, " ({} decisions)", thousands(decisions));
        }
        let _ = writeln!(
            out,
            "| {name} | {told} | {} | {} | {} | {} | {} | {:.1}, {:.1} | {} |",
            against(&|t| t.rate),
            milliseconds(medians(turns, |t| t.p50)),
            milliseconds(medians(turns, |t| t.p99)),
            against(&|t| t.p99),
            milliseconds(medians(turns, |t| t.p999)),
            medians(turns, |t| t.server),
            medians(turns, |t| t.load),
            turns.iter().map(|t| t.errors).sum::<f64>(),
        );
    }
    out
}

fn memory(plan: &Plan, running: &[Server]) -> String {
    let mut out = format!(
        "Resident: two seconds after a server began to listen, and when all rounds were over. Many members are {}.\n\n\
         | server | listens after | idle | after the load | most |\n|---|---:|---:|---:|---:|\n",
        thousands(plan.many as f64)
    );
    for server in running {
        let _ = writeln!(
            out,
            "| {} | {:.2} s | {} | {} | {} |",
            server.name,
            server.started_in.as_secs_f64(),
            megabytes(server.idle),
            megabytes(server.memory("VmRSS")),
            megabytes(server.memory("VmHWM")),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::measures::{AXUM, FOLDER, measures};
    use super::*;

    fn turn(rate: f64, p99: f64) -> Turn {
        Turn { rate, decisions: rate, p99, ..Turn::default() }
    }

    #[test]
    fn ratios_are_of_rounds_and_not_of_medians() {
        // The machine was half as fast in the second round, for both.
        let base = [turn(100.0, 1.0), turn(50.0, 2.0), turn(100.0, 1.0)];
        let ours = [turn(90.0, 1.1), turn(45.0, 2.2), turn(95.0, 1.1)];
        let (middle, least, most) = ratio(&ours, &base, |turn| turn.rate);
        assert!((middle - 0.9).abs() < 1e-9 && (least - 0.9).abs() < 1e-9 && (most - 0.95).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_table_holds_who_took_part_against_the_first() {
        let measure = &measures()[0];
        let mut results = Results::new();
        results.insert((0, AXUM), vec![turn(90_000.0, 1_000.0), turn(80_000.0, 1_000.0)]);
        results.insert((0, FOLDER), vec![turn(45_000.0, 2_000.0), turn(60_000.0, 1_500.0)]);
        let told = table(0, measure, &results);
        let rows: Vec<&str> = told.lines().collect();
        assert_eq!(rows.len(), 4, "{told}");
        assert!(rows[2].starts_with("| bare axum | 85,000 |  | "), "{told}");
        assert!(rows[3].starts_with("| portcullis | 52,500 | 0.62 (0.50 to 0.75) | "), "{told}");
        assert!(rows[3].contains("| 1.75 ms | 1.75 (1.50 to 2.00) |"), "{told}");
    }

    #[test]
    fn the_command_is_the_one_that_was_typed() {
        assert_eq!(repeatable("--quick --portcullis a --record b --only x"), "--quick --only x");
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.0), "999");
        assert_eq!((&*capital("one"), &*capital("gRPC calls")), ("One", "gRPC calls"));
    }
}
