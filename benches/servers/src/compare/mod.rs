//! The comparison: every server started once, then asked in turns, round after round, and a record of what came of it.
//!
//! A round goes through all measures, and in each through all servers that take part, one at a time; the others wait. So what disturbs the
//! machine for a minute disturbs all, and ratios are of two runs that stand beside each other. The load generator runs on the same cores, as a process of
//! its own; what it takes of them is told.

mod contenders;
mod machine;
mod measures;
mod report;
mod rounds;
mod server;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use portcullis_benches::arguments::{about, count, misuse, obey};

use self::contenders::Places;
use self::measures::measures;
use crate::Trouble;
use crate::workload::{self, Sizes};

const USAGE: &str = "compare [--quick] [--record DIR] [--portcullis PROGRAM] [--cerbos PROGRAM] [--rounds N] [--seconds N] [--many N] [--only WORD]
          [--without WORD]

  --quick               two rounds of a second each instead of five of four
  --record DIR          write DATE-servers.md into DIR; it is printed otherwise
  --portcullis PROGRAM  the program to measure; left out, there are only others
  --cerbos PROGRAM      Cerbos's server
  --rounds N            another number of rounds
  --seconds N           another number of seconds for each turn
  --many N              members of the large workspace, 1,000,000 unless said otherwise
  --only WORD           only measures whose name contains WORD
  --without WORD        no measures whose name contains WORD";

/// What the command line says.
#[derive(Debug)]
struct Plan {
    quick: bool,
    record: Option<PathBuf>,
    portcullis: Option<PathBuf>,
    cerbos: Option<PathBuf>,
    rounds: usize,
    seconds: usize,
    many: usize,
    only: Option<String>,
    without: Option<String>,
    /// The words, to be repeated in the record.
    words: String,
}

/// What the program does.
pub fn main() -> ExitCode {
    obey(USAGE, |words| run(&plan(words)?))
}

fn plan(words: &[&str]) -> Result<Plan, Trouble> {
    let quick = words.contains(&"--quick");
    let (rounds, seconds) = if quick { (2, 1) } else { (5, 4) };
    let (record, portcullis, cerbos, only, without) = (None, None, None, None, None);
    let (many, words_said) = (1_000_000, words.join(" "));
    let mut plan =
        Plan { quick, record, portcullis, cerbos, rounds, seconds, many, only, without, words: words_said };
    let mut words = words.iter().filter(|word| **word != "--quick");
    while let Some(&option) = words.next() {
        let word =
            words.next().ok_or_else(|| misuse(format!("expected a value behind {option}, found nothing")))?;
        match option {
            "--record" => plan.record = Some(word.into()),
            "--portcullis" => plan.portcullis = Some(word.into()),
            "--cerbos" => plan.cerbos = Some(word.into()),
            "--rounds" => plan.rounds = count(option, word, 1)?,
            "--seconds" => plan.seconds = count(option, word, 1)?,
            "--many" => plan.many = count(option, word, 1_000)?,
            "--only" => plan.only = Some((*word).to_owned()),
            "--without" => plan.without = Some((*word).to_owned()),
            unknown => return Err(misuse(format!("expected an option, found `{unknown}`"))),
        }
    }
    Ok(plan)
}

fn run(plan: &Plan) -> Result<(), Trouble> {
    let scratch = tempfile::tempdir()?;
    let small = scratch.path().join("small");
    let large = scratch.path().join("large");
    eprintln!("preparing workloads of 1,000 and {} members", plan.many);
    workload::write(&small, Sizes::default())?;
    workload::write(&large, Sizes { members: plan.many, ..Sizes::default() })?;

    let places = Places { plan, scratch: scratch.path(), small: &small, large: &large };
    let measures: Vec<_> = measures()
        .into_iter()
        .filter(|measure| plan.only.as_ref().is_none_or(|word| measure.name.contains(word)))
        .filter(|measure| plan.without.as_ref().is_none_or(|word| !measure.name.contains(word)))
        .collect();
    let mut running = contenders::start(&places)?;
    let results = rounds::go(plan, &places, &measures, &mut running)?;
    let record = report::written(plan, &measures, &results, &running);
    drop(running);

    match &plan.record {
        None => print!("{record}"),
        Some(folder) => {
            let file = folder.join(format!("{}-servers.md", machine::today()));
            fs::write(&file, record).map_err(about(&file))?;
            println!("wrote {}", file.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_read_before_anything_starts() {
        let read = plan(&["--quick", "--rounds", "3", "--only", "stream"]).unwrap();
        assert_eq!((read.quick, read.rounds, read.seconds), (true, 3, 1));
        assert_eq!(read.only.as_deref(), Some("stream"));
        let read = plan(&["--portcullis", "p"]).unwrap();
        assert_eq!((read.rounds, read.seconds, read.portcullis), (5, 4, Some("p".into())));
        for words in [&["--rounds"][..], &["--rounds", "0"], &["--unknown", "x"], &["--many", "5"]] {
            assert!(plan(words).is_err(), "{words:?}");
        }
    }
}
