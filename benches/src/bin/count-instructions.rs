//! Counts the instructions of a check at twelve sizes, and fails when they depend on the size or have grown.
//!
//! ```console
//! $ cargo run --release --locked -p portcullis-benches --bin count-instructions            # compares with benches/baseline
//! $ cargo run --release --locked -p portcullis-benches --bin count-instructions -- renew   # writes it anew
//! $ cargo run --release --locked -p portcullis-benches --bin count-instructions -- keep    # keeps callgrind's files, and says where
//! ```
//!
//! It takes a minute or two on two cores and needs valgrind. Each size is a process of its own, as many at once as there are cores.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_benches::Trouble;
use portcullis_benches::arguments::{obey, unlike};
use portcullis_benches::counting::ask::{self, COUNTED, Entry};
use portcullis_benches::counting::baseline::{Baseline, Compiler, Counts};
use portcullis_benches::counting::sizes::{SIZES, Size};
use portcullis_benches::counting::{judge, profile};

const USAGE: &str = "count-instructions [renew | keep]";

fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        ["alone", name] => {
            let size = Size::named(name).ok_or_else(|| format!("there is no size {name}"))?;
            ask::run(&size)?;
            Ok(ExitCode::SUCCESS)
        }
        ["briefly"] => {
            ask::run(&Size {
                statements: 5,
                members: 10,
                seeds: 1,
                kept: 1,
                ..*SIZES.first().ok_or("no sizes")?
            })?;
            Ok(ExitCode::SUCCESS)
        }
        [] => all("judge"),
        [what @ ("renew" | "keep")] => all(what),
        other => Err(unlike(USAGE, other)),
    })
}

fn all(what: &str) -> Result<ExitCode, Trouble> {
    let folder = Folder::new(what == "keep")?;
    let counts = count(&folder.0)?;
    show(&counts);
    let mut faults = judge::between_sizes(&counts);
    let compiler = Compiler::here()?;
    let path = Baseline::path();
    if what == "renew" {
        std::fs::write(&path, Baseline::of(compiler, &counts).text())?;
        println!("written: {}", path.display());
    } else {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let growth = judge::against(&Baseline::read(&text)?, &compiler, &counts);
        growth.notes.iter().for_each(|note| println!("note: {note}"));
        faults.extend(growth.faults);
    }
    if what == "keep" {
        println!("callgrind's files: {}", folder.0.display());
    }
    faults.iter().for_each(|fault| eprintln!("error: {fault}"));
    if faults.is_empty() {
        println!("constant: typed checks to the instruction, checks by names within 3 %");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where callgrind writes, removed at the end unless it is kept.
struct Folder(PathBuf, bool);

impl Folder {
    fn new(kept: bool) -> Result<Folder, Trouble> {
        let folder = std::env::temp_dir().join(format!("portcullis-counts-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Folder(folder, kept))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.1 {
            // What is left of it does no harm.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Counts all sizes, the slowest first.
fn count(folder: &Path) -> Result<Counts, Trouble> {
    // A pattern does for the switch, but callers are kept apart for functions that are named in full only, and their full names the
    // compiler makes up. So they are learned first, from a small run.
    let functions = profile::functions(&callgrind(folder, "briefly", &["briefly"], &BTreeSet::new())?)?;
    let mut order: Vec<&Size> = SIZES.iter().collect();
    order.sort_by_key(|size| {
        std::cmp::Reverse(size.members * size.seeds + size.statements * size.seeds / size.kept)
    });
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Ok(Counts::new()));
    let work = || {
        while let Some(size) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let counted = callgrind(folder, size.name, &["alone", size.name], &functions)
                .and_then(|profile| profile::counts(&profile, size))
                .map_err(|trouble| trouble.to_string());
            let Ok(mut found) = found.lock() else { return };
            match (&mut *found, counted) {
                (Ok(all), Ok(counts)) => {
                    all.extend(counts.into_iter().map(|(entry, count)| ((entry, size.name), count)));
                }
                (Ok(_), Err(trouble)) => *found = Err(trouble),
                (Err(_), _) => {}
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    Ok(found.into_inner().map_err(|_| "a thread that counted ended before its time")??)
}

/// Runs this program under callgrind; what it wrote.
fn callgrind(
    folder: &Path,
    name: &str,
    arguments: &[&str],
    apart: &BTreeSet<String>,
) -> Result<String, Trouble> {
    let file = folder.join(format!("{}.callgrind", name.replace([' ', ','], "-")));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["-q", "--tool=callgrind", "--demangle=no", "--compress-strings=no", "--compress-pos=no"]);
    valgrind.args(["--dump-line=no", &format!("--toggle-collect=*{COUNTED}*")]);
    valgrind.args(apart.iter().map(|function| format!("--separate-callers2={function}")));
    valgrind.arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(std::env::current_exe()?).args(arguments);
    // Valgrind runs one thread at a time, and more of them only cost.
    valgrind.env("RAYON_NUM_THREADS", "1");
    let output = valgrind.output().map_err(|error| {
        format!(
            "valgrind could not be run ({error}); install it, for instance with: apt-get install valgrind"
        )
    })?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(std::fs::read_to_string(file)?)
}

fn show(counts: &Counts) {
    println!("instructions a question, of single questions also the most:");
    print!("{:>22}", "");
    Entry::ALL.iter().for_each(|entry| print!("{:>18}", entry.name()));
    println!();
    for size in &SIZES {
        print!("{:>22}", size.name);
        for entry in Entry::ALL {
            let cell = match counts.get(&(entry, size.name)) {
                Some(profile::Count { mean, singles: Some((_, most)) }) => format!("{mean:.2} ({most})"),
                Some(profile::Count { mean, singles: None }) => format!("{mean:.2}"),
                None => "?".to_owned(),
            };
            print!("{cell:>18}");
        }
        println!();
    }
}
