//! Times `portcullis check --requests` from file to file, after its answers were compared with the library's.
//!
//! `cargo run --release -p portcullis-benches --bin time-requests -- PROGRAM DIR [LINES]` makes a workspace of 10,000 members and 5
//! roles and a file of 10,000,000 requests in DIR, runs PROGRAM on them six times (the first warms the files and is compared line by line),
//! and prints what the other five took. Resident memory is the peak that Linux tells while the program runs; elsewhere it is unknown.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portcullis_benches::arguments::{self, about, obey, unlike};
use portcullis_benches::requests::Requests;
use portcullis_benches::{Trouble, Workload, memory};
use portcullis_testkit::reference::Reference;

const MEMBERS: usize = 10_000;
const ROLES: usize = 5;
const SEED: u64 = 0x0057_2ea3;
/// How many of the requests the naive reference answers too.
const COMPARED: usize = 20_000;
const RUNS: usize = 5;

const USAGE: &str = "time-requests PROGRAM DIR [LINES]";

fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        [program, directory] => all(program, Path::new(directory), 10_000_000),
        [program, directory, lines] => {
            all(program, Path::new(directory), arguments::count("LINES", lines, 1)?)
        }
        other => Err(unlike(USAGE, other)),
    })
}

fn all(program: &str, directory: &Path, count: usize) -> Result<(), Trouble> {
    fs::create_dir_all(directory).map_err(about(directory))?;
    let workload = Workload::new(MEMBERS, ROLES)?;
    let file = directory.join("workspace.json");
    fs::write(&file, workload.workspace.to_string()).map_err(about(&file))?;
    let bytes = write_requests(&workload, count, &directory.join("requests.jsonl"))?;
    println!("{count} requests in {bytes} bytes, {MEMBERS} members, {ROLES} roles");

    let (first, _) = run(program, directory)?;
    let allowed = verify(&workload, count, directory)?;
    println!("{allowed} allowed, each answer the library's; the first run took {:.2} s", first.as_secs_f64());
    let mut runs = (0..RUNS).map(|_| run(program, directory)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_unstable();
    for (took, resident) in &runs {
        let resident = resident.map_or("unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
        println!(
            "{:.3} s, {:.0} requests a second, resident {resident}",
            took.as_secs_f64(),
            rate(count, *took)
        );
    }
    if let Some((median, _)) = runs.get(RUNS / 2) {
        println!("median: {:.0} requests a second", rate(count, *median));
    }
    Ok(())
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn write_requests(workload: &Workload, count: usize, path: &Path) -> Result<u64, Trouble> {
    let mut requests = Requests::new(SEED, MEMBERS, workload.snapshot.schema());
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(about(path))?);
    let (mut line, mut bytes) = (String::new(), 0);
    for _ in 0..count {
        line.clear();
        requests.next_asked().write_to(&mut line);
        bytes += line.len() as u64;
        file.write_all(line.as_bytes())?;
    }
    file.into_inner()?.sync_all()?;
    Ok(bytes)
}

/// Compares every answer with the library's, and the first ones with the naive reference's; how many are yes.
fn verify(workload: &Workload, count: usize, directory: &Path) -> Result<usize, Trouble> {
    let reference = Reference::from_json(&workload.workspace)?;
    let mut requests = Requests::new(SEED, MEMBERS, workload.snapshot.schema());
    let mut answers = BufReader::with_capacity(1 << 20, File::open(directory.join("answers.jsonl"))?);
    let (mut answer, mut allowed) = (String::new(), 0);
    for number in 0..count {
        let asked = requests.next_asked();
        let question = asked.question();
        let decision = workload.snapshot.decide(&question).is_allowed();
        let judged = number < COMPARED && asked.is_plain();
        if judged && reference.decide(question.subject, question.action, question.resource) != decision {
            return Err(format!("{asked:?}: the engine says {decision}, the reference does not").into());
        }
        answer.clear();
        answers.read_line(&mut answer)?;
        if answer != format!("{{\"decision\":{decision}}}\n") {
            return Err(format!("line {}: {asked:?} is {decision}, not {answer}", number + 1).into());
        }
        allowed += usize::from(decision);
    }
    if !answers.fill_buf()?.is_empty() {
        return Err("there are more answers than requests".into());
    }
    Ok(allowed)
}

/// One run: how long it took, and its peak of resident memory in bytes.
fn run(program: &str, directory: &Path) -> Result<(Duration, Option<usize>), Trouble> {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(["check", "-w"])
        .arg(directory.join("workspace.json"))
        .arg("--requests")
        .arg(directory.join("requests.jsonl"))
        .arg("--out")
        .arg(directory.join("answers.jsonl"))
        .stdin(Stdio::null())
        .spawn()
        .map_err(about(program))?;
    let process = child.id().to_string();
    let mut peak = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = memory(&process, "VmHWM").or(peak);
        thread::sleep(Duration::from_millis(2));
    };
    let took = begun.elapsed();
    if !status.success() {
        return Err(format!("{program} ended with {status}").into());
    }
    Ok((took, peak))
}
