//! Compares Portcullis with other engines on one workload, and writes the record of it.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- --record benches/records` measures everything;
//! `--quick` takes about ten minutes. `differential` asks Cedar and Casbin about random workspaces until its time is up;
//! `conditions` times what conditions decide, beside Cedar. This file knows the command line and nothing else, and reads
//! all of it before anything starts; how engines are loaded, verified and timed stands in `child` and `driver`.

mod chart;
mod child;
mod converted;
mod differential;
mod driver;
mod engines;
mod floor;
mod labelled;
mod machine;
mod measured;
mod readme;
mod report;
mod run;
mod targets;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_benches::Trouble;
use portcullis_benches::arguments::{misuse, number, obey};
use portcullis_benches::field::Field;

const USAGE: &str = "portcullis-peers [--quick] [--record DIR] [--readme FILE] [--from FILE.json] [--only WORD]
       portcullis-peers differential [--seconds N] [--seed S]
       portcullis-peers conditions [OBJECTS CONDITIONS]

  --quick        about ten minutes: fewer passes, and heavy engines left out where members and roles are both many
  --record DIR   write DATE-field.md, its charts and its figures as JSON into DIR
  --readme FILE  put the main table and a chart between the field:begin and field:end marks of FILE
  --from FILE    write from the figures of an earlier run instead of measuring
  --only WORD    measure only engines whose name contains WORD, with portcullis
  --seconds N    how long random workspaces are compared, half of it converted and with conditions; 20 unless said otherwise
  --seed S       the seed of the first of them, 0 unless said otherwise";

fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        ["child", "floor"] => floor::serve(),
        ["child", "ours", members, roles, form] => {
            let field = Field::new(members.parse()?, roles.parse()?)?;
            for (what, value, unit) in portcullis_benches::ours::alone(&field, *form == "quick")? {
                println!("{what}\t{value}\t{unit}");
            }
            Ok(())
        }
        ["child", engine, members, roles, patience] => {
            let entry = engines::named(engine).ok_or_else(|| format!("there is no engine `{engine}`"))?;
            let patience = Duration::from_millis(patience.parse()?);
            (entry.serve)(&child::Orders { members: members.parse()?, roles: roles.parse()?, patience })
        }
        ["differential", options @ ..] => {
            let (seed, most) = differential(options)?;
            println!("{}", differential::until(seed, most / 2)?);
            println!("{}", converted::until(seed, most / 2)?);
            Ok(())
        }
        ["conditions"] => labelled::tell(labelled::SIZES),
        ["conditions", objects, conditions] => labelled::tell(&[(
            number("OBJECTS", objects, 1..=4_000_000)?,
            number("CONDITIONS", conditions, 1..=60_000)?,
        )]),
        options => run::run(&compare(options)?),
    })
}

/// An option that is not known, where these are.
fn unknown(option: &str, known: &str) -> Trouble {
    misuse(format!("expected {known}, found `{option}`; `portcullis-peers --help` says what each does"))
}

/// What follows an option.
fn value<'w>(option: &str, words: &mut impl Iterator<Item = &'w &'w str>) -> Result<&'w str, Trouble> {
    words.next().copied().ok_or_else(|| misuse(format!("expected a value behind {option}, found nothing")))
}

/// The seed to begin with, and how long to go on.
fn differential(options: &[&str]) -> Result<(u64, Duration), Trouble> {
    let (mut seed, mut most) = (0, Duration::from_secs(20));
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--seed" => seed = number(option, value(option, &mut options)?, 0..=u64::MAX)?,
            "--seconds" => {
                let word = value(option, &mut options)?;
                let seconds = word.parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok());
                most = seconds.ok_or_else(|| {
                    misuse(format!(
                        "expected --seconds to be a number of seconds such as 20 or 0.5, found `{word}`"
                    ))
                })?;
            }
            other => return Err(unknown(other, "--seconds N or --seed S")),
        }
    }
    Ok((seed, most))
}

/// What to measure, or to read, and what to write of it.
fn compare(options: &[&str]) -> Result<run::Wanted, Trouble> {
    let mut wanted = run::Wanted::default();
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut value = || value(option, &mut options);
        match *option {
            "--quick" => wanted.quick = true,
            "--record" => wanted.record = Some(PathBuf::from(value()?)),
            "--readme" => wanted.readme = Some(PathBuf::from(value()?)),
            "--from" => wanted.from = Some(PathBuf::from(value()?)),
            "--only" => wanted.only = Some(value()?.to_owned()),
            other => {
                return Err(unknown(
                    other,
                    "differential, --quick, --record DIR, --readme FILE, --from FILE or --only WORD",
                ));
            }
        }
    }
    if wanted.from.is_some() && (wanted.quick || wanted.only.is_some()) {
        return Err(misuse("--from measures nothing; leave out --quick and --only, or --from"));
    }
    if let Some(only) =
        wanted.only.as_deref().filter(|only| !engines::ALL.iter().any(|entry| entry.name.contains(only)))
    {
        let names: Vec<&str> = engines::ALL.iter().map(|entry| entry.name).collect();
        let names = names.join("; ");
        return Err(misuse(format!(
            "expected --only to be part of an engine's name, found `{only}`; they are: {names}"
        )));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, in a line.
    fn told<T>(outcome: Result<T, Trouble>) -> String {
        let told = outcome.err().unwrap().to_string();
        assert!(!told.contains('\n'), "{told}");
        told
    }

    #[test]
    fn options_are_read() {
        assert_eq!(differential(&[]).unwrap(), (0, Duration::from_secs(20)));
        let both = differential(&["--seed", "18446744073709551615", "--seconds", "0.5"]).unwrap();
        assert_eq!(both, (u64::MAX, Duration::from_millis(500)));
        let wanted = compare(&["--quick", "--only", "casbin", "--record", "here"]).unwrap();
        assert!(wanted.quick && wanted.only.as_deref() == Some("casbin") && wanted.readme.is_none());
        assert_eq!(wanted.record, Some(PathBuf::from("here")));
    }

    #[test]
    fn what_is_wrong_with_options_is_told_in_a_line() {
        for seconds in ["x", "-1", "NaN", "inf", "1e300", ""] {
            let told = told(differential(&["--seconds", seconds]));
            assert!(told.starts_with("expected --seconds to be a number of seconds"), "{told}");
            assert!(told.ends_with(&format!("found `{seconds}`")), "{told}");
        }
        assert!(told(differential(&["--seed", "-1"])).contains("--seed to be a whole number from 0 to"));
        assert!(told(differential(&["--seed"])).contains("a value behind --seed"));
        assert!(told(differential(&["--second", "1"])).contains("--seconds N or --seed S, found `--second`"));
        assert!(told(compare(&["--quickly"])).contains("--quick, "));
        assert!(told(compare(&["--record"])).contains("a value behind --record"));
        assert!(told(compare(&["--from", "x.json", "--quick"])).contains("leave out --quick"));
    }

    #[test]
    fn an_engine_that_is_not_there_is_told_with_those_that_are() {
        let told = told(compare(&["--only", "nobodyatall"]));
        assert!(told.contains("found `nobodyatall`"), "{told}");
        assert!(engines::ALL.iter().all(|entry| told.contains(entry.name)), "{told}");
    }
}
