//! A whole run: the sizes in order, then what is written of it.
//!
//! The record is written whole or not at all, after everything was measured; a difference in a decision has ended the run by then. That
//! there is somewhere to write to is seen to before anything is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portcullis_benches::Trouble;
use portcullis_benches::arguments::{about, misuse};

use crate::driver::{Floor, Plan, at_size, ours_alone};
use crate::engines::{ALL, OURS};
use crate::measured::Run;
use crate::{chart, machine, readme, report};

/// Members and roles, in the order in which they are measured.
pub const SIZES: [(usize, usize); 7] =
    [(5, 5), (1_000, 5), (100_000, 5), (1_000_000, 5), (1_000, 1_000), (1_000, 10_000), (100_000, 10_000)];

/// What somebody asked for.
#[derive(Default)]
pub struct Wanted {
    /// Fewer passes.
    pub quick: bool,
    /// Where records lie.
    pub record: Option<PathBuf>,
    /// The file with marks.
    pub readme: Option<PathBuf>,
    /// Figures of an earlier run.
    pub from: Option<PathBuf>,
    /// Part of the names of the engines to measure.
    pub only: Option<String>,
}

/// Measures, or reads what was measured, and writes.
///
/// # Errors
/// When an engine decides otherwise than the reference, or a file cannot be written.
pub fn run(wanted: &Wanted) -> Result<(), Trouble> {
    if let Some(path) = &wanted.readme {
        replaced(path, &Run::default(), Path::new(""))?;
    }
    if let Some(folder) = &wanted.record {
        fs::create_dir_all(folder).map_err(about(folder))?;
    }
    let run = match &wanted.from {
        Some(path) => earlier(path)?,
        None => measure(wanted)?,
    };
    let Some(folder) = &wanted.record else {
        println!("{}", report::written(&run));
        return readme(wanted, &run, Path::new("benches/records"));
    };
    let file = |ending: &str| folder.join(format!("{}-field{ending}", run.date));
    for (ending, drawn) in chart::all(&run) {
        write(&file(&format!("-{ending}.svg")), &drawn)?;
    }
    write(&file(".md"), &report::written(&run))?;
    if wanted.from.is_none() {
        write(&file(".json"), &(serde_json::to_string(&run.to_json())? + "\n"))?;
    }
    eprintln!("wrote {}", file(".md").display());
    readme(wanted, &run, folder)
}

fn readme(wanted: &Wanted, run: &Run, folder: &Path) -> Result<(), Trouble> {
    let Some(path) = &wanted.readme else { return Ok(()) };
    write(path, &replaced(path, run, folder)?)
}

/// The text of the file with marks, renewed.
fn replaced(path: &Path, run: &Run, folder: &Path) -> Result<String, Trouble> {
    let text = fs::read_to_string(path).map_err(about(path))?;
    let renewed = readme::replaced(&text, run, &folder.to_string_lossy());
    renewed.map_err(|trouble| misuse(format!("{}: {trouble}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    fs::write(path, text).map_err(about(path))
}

/// The run that a file tells of.
fn earlier(path: &Path) -> Result<Run, Trouble> {
    let text = fs::read_to_string(path).map_err(about(path))?;
    let unlike = |found: &str| {
        misuse(format!("{}: expected the JSON that --record wrote of a run, found {found}", path.display()))
    };
    let value = serde_json::from_str(&text).map_err(|error| unlike(&format!("no JSON ({error})")))?;
    let run = Run::from_json(&value);
    if run.date.is_empty() || run.figures.is_empty() {
        return Err(unlike("JSON without a date or without figures"));
    }
    Ok(run)
}

fn measure(wanted: &Wanted) -> Result<Run, Trouble> {
    let started = Instant::now();
    let seconds = Duration::from_secs;
    let plan = if wanted.quick {
        Plan { quick: true, rounds: 3, long_rounds: 1, pass: 1e8, patience: seconds(1), load: seconds(90) }
    } else {
        Plan { quick: false, rounds: 7, long_rounds: 2, pass: 3e8, patience: seconds(10), load: seconds(180) }
    };
    let only = wanted.only.as_deref().unwrap_or("");
    let entries: Vec<_> =
        ALL.iter().filter(|entry| entry.name == OURS || entry.name.contains(only)).collect();
    let mut run =
        Run { date: machine::today(), quick: wanted.quick, machine: machine::described(), ..Run::default() };
    let mut packages: Vec<&str> = entries.iter().filter_map(|entry| entry.package).collect();
    packages.sort_unstable();
    packages.dedup();
    let version =
        |name: &&str| machine::version(name).map(|version| ((*name).to_owned(), version.to_owned()));
    run.versions = packages.iter().filter_map(version).collect();
    let mut floor = Floor::start()?;
    for size in SIZES {
        eprintln!("{} members, {} roles, at {:.0?}", size.0, size.1, started.elapsed());
        run.figures.extend(at_size(&plan, &mut floor, &entries, size)?);
    }
    run.floor = floor.singles();
    for (members, roles) in SIZES.into_iter().filter(|(members, _)| *members >= 1_000) {
        eprintln!("ours alone at {members} members, {roles} roles, at {:.0?}", started.elapsed());
        run.ours.extend(ours_alone(members, roles, wanted.quick)?);
    }
    run.seconds = started.elapsed().as_secs_f64();
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_earlier_run_that_is_none_is_told_by_its_name() {
        let from = |path: &str| Wanted { from: Some(path.into()), ..Wanted::default() };
        let readme = |path: &str| Wanted { readme: Some(path.into()), ..from("no/such/run.json") };
        let here = |file: &str| format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let record = here("../baseline/instructions.json");
        for (wanted, path, told) in [
            (from("no/such/run.json"), "no/such/run.json".to_owned(), "No such file"),
            (from(&here("Cargo.toml")), here("Cargo.toml"), "found no JSON"),
            (from(&record), record.clone(), "found JSON without a date"),
            // Before anything is read or measured.
            (readme("no/such/file.md"), "no/such/file.md".to_owned(), "No such file"),
            (readme(&here("Cargo.toml")), here("Cargo.toml"), "expected the lines `<!-- field:begin -->`"),
        ] {
            let trouble = run(&wanted).err().unwrap().to_string();
            assert!(trouble.starts_with(&format!("{path}: ")) && trouble.contains(told), "{trouble}");
            assert!(!trouble.contains('\n'), "{trouble}");
        }
    }
}
