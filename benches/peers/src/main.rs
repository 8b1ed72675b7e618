//! Compares Portcullis with other engines on one workload, and writes the record of it.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- --record benches/records` measures everything;
//! `--quick` takes about ten minutes. `differential` asks Cedar and Casbin about random workspaces until its time is up. This file knows the command
//! line and nothing else; how engines are loaded, verified and timed stands in `child` and `driver`.

mod chart;
mod child;
mod differential;
mod driver;
mod engines;
mod floor;
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
use portcullis_benches::field::Field;

const USAGE: &str = "usage: portcullis-peers [--quick] [--record DIR] [--readme FILE] [--from FILE.json] [--only WORD]
       portcullis-peers differential [--seconds N] [--seed S]

  --quick        about ten minutes: fewer passes, and heavy engines left out where members and roles are both many
  --record DIR   write DATE-field.md, its charts and its figures as JSON into DIR
  --readme FILE  put the main table and a chart between the field:begin and field:end marks of FILE
  --from FILE    write from the figures of an earlier run instead of measuring
  --only WORD    measure only engines whose name contains WORD, with portcullis";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match obey(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("error: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn obey(arguments: &[String]) -> Result<(), Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", "floor"] => floor::serve(),
        ["child", "ours", members, roles, form] => {
            let field = Field::new(members.parse()?, roles.parse()?)?;
            for (what, value, unit) in portcullis_benches::ours::alone(&field, *form == "quick")? {
                println!("{what}\t{value}\t{unit}");
            }
            Ok(())
        }
        ["child", engine, members, roles, patience] => {
            let entry = engines::named(engine).ok_or("no engine of this name")?;
            let patience = Duration::from_millis(patience.parse()?);
            (entry.serve)(&child::Orders { members: members.parse()?, roles: roles.parse()?, patience })
        }
        ["differential", options @ ..] => differential(options),
        options => compare(options),
    }
}

fn differential(options: &[&str]) -> Result<(), Trouble> {
    let (mut seconds, mut seed) = (20.0, 0);
    for pair in options.chunks(2) {
        match pair {
            ["--seconds", number] => seconds = number.parse()?,
            ["--seed", number] => seed = number.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let told = differential::until(seed, Duration::from_secs_f64(seconds))?;
    println!("{told}");
    Ok(())
}

fn compare(options: &[&str]) -> Result<(), Trouble> {
    let mut wanted = run::Wanted::default();
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut value = || options.next().copied().ok_or_else(|| format!("{option} needs a value\n{USAGE}"));
        match *option {
            "--quick" => wanted.quick = true,
            "--record" => wanted.record = Some(PathBuf::from(value()?)),
            "--readme" => wanted.readme = Some(PathBuf::from(value()?)),
            "--from" => wanted.from = Some(PathBuf::from(value()?)),
            "--only" => wanted.only = Some(value()?.to_owned()),
            _ => return Err(USAGE.into()),
        }
    }
    run::run(&wanted)
}
