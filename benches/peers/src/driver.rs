//! Who starts the processes and asks them for passes.
//!
//! At each size every engine is loaded in a process of its own, one after the other, and verified there; then all of them wait for lines on
//! their standard inputs, and passes go round: one of each engine, then the next of each, so that a mood of the machine falls on all of
//! them. Only one process runs at a time. The floor is a process like these and is asked in every round. A process that takes too long to
//! load or holds too much is ended and its place in the table says so; one whose decision differs ends the whole run.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use portcullis_benches::{Trouble, memory};

use crate::child::DIFFERS;
use crate::engines::Entry;
use crate::machine;
use crate::measured::{Figure, Single, median};

/// No process may hold more.
const ROOM: usize = 10 << 30;

/// A pass that takes longer is made once or twice, not in every round.
const LONG: f64 = 3e9;

/// How often a process that works is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How thoroughly to measure.
pub struct Plan {
    /// Engines that are heavy are left out where both are many.
    pub quick: bool,
    /// Passes of each engine.
    pub rounds: usize,
    /// How many of them for an engine whose pass is long.
    pub long_rounds: usize,
    /// What a pass should take, in nanoseconds.
    pub pass: f64,
    /// How long verifying goes on after its least.
    pub patience: Duration,
    /// How long loading may take.
    pub load: Duration,
}

/// A running process of this program.
struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process did not do what it was asked.
enum Lost {
    /// Its place in the table says why.
    Absent(String),
    /// The run ends.
    Fatal(String),
}

impl Process {
    fn start(arguments: &[&str]) -> Result<Process, Trouble> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child =
            command.arg("child").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or("a process without pipes")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Process { child, input, lines })
    }

    /// The next line, which begins with `word`, as numbers.
    fn wait(&mut self, word: &str, most: Duration) -> Result<Vec<f64>, Lost> {
        // Counted in looks, not by the clock: when everything is stopped for a while, no engine is slow for that.
        let mut waited = Duration::ZERO;
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => {
                    let mut parts = line.split(' ');
                    if parts.next() != Some(word) {
                        return Err(Lost::Fatal(format!("expected `{word} …` of a process, found `{line}`")));
                    }
                    return Ok(parts.filter_map(|part| part.parse().ok()).collect());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().ok().and_then(|status| status.code());
                    return Err(match status {
                        Some(1) => Lost::Absent("refused".to_owned()),
                        Some(DIFFERS) => {
                            Lost::Fatal("it decides otherwise than the reference, see above".to_owned())
                        }
                        other => Lost::Fatal(format!("its process ended with status {other:?}, see above")),
                    });
                }
                Err(RecvTimeoutError::Timeout) => {
                    let held = memory(&self.child.id().to_string(), "VmRSS").unwrap_or(0);
                    if held > ROOM {
                        return Err(Lost::Absent(format!("over {} GiB", ROOM >> 30)));
                    }
                    if machine::available().is_some_and(|left| left < 1 << 30) {
                        return Err(Lost::Absent("memory ran out".to_owned()));
                    }
                    waited += LOOK;
                    if waited > most {
                        return Err(Lost::Absent(format!("over {} s", most.as_secs())));
                    }
                }
            }
        }
    }

    /// A pass: nanoseconds a question.
    fn pass(&mut self, asked: usize, repeats: usize) -> Result<f64, Lost> {
        let sent = writeln!(self.input, "{asked} {repeats}");
        sent.map_err(|error| Lost::Fatal(format!("its process does not listen: {error}")))?;
        let took = self.wait("took", Duration::from_secs(600))?;
        took.first().copied().ok_or_else(|| Lost::Fatal("a pass without a time".to_owned()))
    }
}

/// The process that measures the floor.
pub struct Floor {
    process: Process,
    values: Vec<Vec<f64>>,
}

/// What the process of the floor measures, in this order: what, how large, unit.
pub const FLOOR: &[(&str, usize, &str)] = &[
    ("a bit test, the table in the first-level cache", 0, "ns"),
    ("a load that waits for the last, 32 KiB", 32 << 10, "ns"),
    ("a load that waits for the last, 512 KiB", 512 << 10, "ns"),
    ("a load that waits for the last, 1 MiB", 1 << 20, "ns"),
    ("a load that waits for the last, 4 MiB", 4 << 20, "ns"),
    ("a load that waits for the last, 16 MiB", 16 << 20, "ns"),
    ("a load that waits for the last, 64 MiB", 64 << 20, "ns"),
    ("a pass over memory, one thread", usize::MAX, "GB/s"),
];

impl Floor {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no process to be had.
    pub fn start() -> Result<Floor, Trouble> {
        Ok(Floor { process: Process::start(&["floor"])?, values: Vec::new() })
    }

    fn measure(&mut self) -> Result<(), Trouble> {
        writeln!(self.process.input, "again")?;
        match self.process.wait("floor", Duration::from_secs(60)) {
            Ok(values) => self.values.push(values),
            Err(Lost::Absent(why) | Lost::Fatal(why)) => return Err(format!("the floor: {why}").into()),
        }
        Ok(())
    }

    /// Medians of all rounds.
    pub fn singles(&self) -> Vec<Single> {
        let all = FLOOR.iter().enumerate().map(|(at, (what, _, unit))| {
            let values: Vec<f64> = self.values.iter().filter_map(|round| round.get(at)).copied().collect();
            Single {
                what: (*what).to_owned(),
                value: median(&values),
                unit: (*unit).to_owned(),
                ..Single::default()
            }
        });
        all.collect()
    }
}

/// A loaded and verified engine.
struct Ready {
    process: Process,
    figure: Figure,
    repeats: usize,
    passes: Vec<f64>,
}

/// Measures these engines at a size.
///
/// # Errors
/// When one decides otherwise than the reference, or breaks down.
pub fn at_size(
    plan: &Plan,
    floor: &mut Floor,
    entries: &[&Entry],
    (members, roles): (usize, usize),
) -> Result<Vec<Figure>, Trouble> {
    let mut figures = Vec::new();
    let mut ready = Vec::new();
    for entry in entries {
        let mut figure = Figure { engine: entry.name.to_owned(), members, roles, ..Figure::default() };
        if plan.quick && entry.heavy && members >= 100_000 && roles >= 10_000 {
            figure.absent = Some("not in the quick form".to_owned());
            figures.push(figure);
            continue;
        }
        match prepare(plan, entry, figure.clone()) {
            Ok(it) => ready.push(it),
            Err(Lost::Absent(why)) => {
                eprintln!("  {}: {why}", entry.name);
                figure.absent = Some(why);
                figures.push(figure);
            }
            Err(Lost::Fatal(why)) => {
                return Err(format!("{} at {members} members, {roles} roles: {why}", entry.name).into());
            }
        }
    }
    for round in 0..plan.rounds {
        floor.measure()?;
        for it in &mut ready {
            if let Err(Lost::Absent(why) | Lost::Fatal(why)) = it.round(plan, round) {
                return Err(format!("{}: {why}", it.figure.engine).into());
            }
        }
    }
    figures.extend(ready.into_iter().map(Ready::finished));
    Ok(figures)
}

fn prepare(plan: &Plan, entry: &Entry, mut figure: Figure) -> Result<Ready, Lost> {
    let patience = plan.patience.as_millis().to_string();
    let arguments = [entry.name, &figure.members.to_string(), &figure.roles.to_string(), &patience];
    let mut process = Process::start(&arguments).map_err(|error| Lost::Fatal(error.to_string()))?;
    let short = || Lost::Fatal("a line with too few numbers".to_owned());
    let loaded = process.wait("loaded", plan.load)?;
    (figure.load, figure.memory) = loaded.first().copied().zip(loaded.get(1).copied()).ok_or_else(short)?;
    let verified = process.wait("verified", Duration::from_secs(120))?;
    figure.verified = verified.first().copied().ok_or_else(short)? as usize;
    // A look at the pace, which warms it up as well.
    let least = figure.verified.min(200);
    let pace = process.pass(least, 1)?;
    let fitting = (plan.pass.max(3e8) / pace.max(0.1)) as usize;
    figure.asked = figure.verified.min(fitting.max(least));
    let repeats = (plan.pass / (pace * figure.asked as f64)).ceil().max(1.0) as usize;
    eprintln!(
        "  {}: loaded in {:.2} s, {} verified, {pace:.0} ns",
        entry.name,
        figure.load / 1e9,
        figure.verified
    );
    Ok(Ready { process, figure, repeats, passes: Vec::new() })
}

impl Ready {
    fn round(&mut self, plan: &Plan, round: usize) -> Result<(), Lost> {
        if round >= plan.long_rounds
            && self.passes.last().is_some_and(|last| last * self.figure.asked as f64 > LONG)
        {
            return Ok(());
        }
        let warm = self.process.pass(self.figure.asked.min(8_192), 1)?;
        if round == 0 {
            let whole = warm * self.figure.asked as f64;
            self.repeats = (plan.pass / whole.max(1.0)).ceil().max(1.0) as usize;
        }
        self.passes.push(self.process.pass(self.figure.asked, self.repeats)?);
        Ok(())
    }

    fn finished(self) -> Figure {
        let passes = &self.passes;
        let fold = |pick: fn(f64, f64) -> f64| passes.iter().copied().reduce(pick).unwrap_or(0.0);
        let figure = self.figure.clone();
        Figure {
            median: median(passes),
            least: fold(f64::min),
            most: fold(f64::max),
            passes: passes.len(),
            ..figure
        }
    }
}

/// Measures what is ours alone at a size.
///
/// # Errors
/// When the process fails.
pub fn ours_alone(members: usize, roles: usize, quick: bool) -> Result<Vec<Single>, Trouble> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command
        .args([
            "child",
            "ours",
            &members.to_string(),
            &roles.to_string(),
            if quick { "quick" } else { "full" },
        ])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("what is ours alone, at {members} members: {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let single = |line: &str| -> Option<Single> {
        let mut parts = line.split('\t');
        let (what, value, unit) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Single { what: what.to_owned(), members, roles, value, unit: unit.to_owned() })
    };
    Ok(text.lines().filter_map(single).collect())
}
