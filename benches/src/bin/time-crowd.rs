//! Times compiling a workspace of a million members from memory, and tells what the snapshot takes.
//!
//! `cargo run --release -p portcullis-benches --bin time-crowd -- [MEMBERS [ROLES]]`; with 5 and with 10,000 roles when none are named. A
//! sample of the decisions is compared with the naive reference's. Resident memory is what Linux tells of the process;
//! elsewhere it is unknown. What compiling left resident besides the snapshot is memory that the allocator keeps for later.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use portcullis_benches::arguments::{obey, sizes};
use portcullis_benches::crowd::Crowd;
use portcullis_benches::{Trouble, memory};

const RUNS: usize = 7;

const USAGE: &str = "time-crowd [MEMBERS [ROLES]]";

fn main() -> ExitCode {
    obey(USAGE, |words| {
        sizes(USAGE, words)?.into_iter().try_for_each(|(members, roles)| tell(members, roles))
    })
}

fn tell(members: usize, roles: usize) -> Result<(), Trouble> {
    let each = |bytes: usize| bytes as f64 / members as f64;
    let crowd = Crowd::new(members, roles)?;
    let before = memory("self", "VmRSS");
    let workspace = crowd.workspace()?;
    let described = memory("self", "VmRSS");
    let (snapshot, _) = workspace.compile()?;
    let compiled = memory("self", "VmRSS");
    let allowed = crowd.verify(&snapshot)?;
    println!("{members} members, {roles} roles: {} distinct sets of them", snapshot.matrix().sets());
    println!("  a sample of decisions equals the reference's; {allowed} of them allow");
    let mut took = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let again = workspace.compile()?;
        took.push(begun.elapsed());
        // Dropping it is not timed.
        black_box(again);
    }
    took.sort_unstable();
    if let (Some(least), Some(median), Some(most)) = (took.first(), took.get(RUNS / 2), took.last()) {
        println!("  compiled from memory in {median:.0?} (median of {RUNS}, {least:.0?} to {most:.0?})");
    }
    println!("  the snapshot: {:.1} bytes a member", each(snapshot.bytes()));
    drop(workspace);
    let dropped = memory("self", "VmRSS");
    if let (Some(before), Some(described), Some(compiled), Some(dropped)) =
        (before, described, compiled, dropped)
    {
        println!(
            "  resident, bytes a member: the workspace {:.1}, compiling {:.1}, both when the workspace is dropped {:.1}",
            each(described.saturating_sub(before)),
            each(compiled.saturating_sub(described)),
            each(dropped.saturating_sub(before))
        );
    }
    Ok(())
}
