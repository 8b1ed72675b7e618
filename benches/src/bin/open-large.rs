//! Opens a workspace file and tells how long each step took and what came of it: sets, pages, bytes.
//!
//! `cargo run --release -p portcullis-benches --bin open-large -- FILE`; the files come from `make-large`. Whatever the file names must
//! stand in it. How long the command takes, its start and end included, `portcullis check -w FILE …` tells.

use std::process::ExitCode;
use std::time::Instant;

use portcullis::{NoFiles, Workspace, source_from_bytes};
use portcullis_benches::arguments::{about, obey, unlike};
use portcullis_benches::{Trouble, memory};

const USAGE: &str = "open-large FILE";

fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        [file] => open(file),
        other => Err(unlike(USAGE, other)),
    })
}

fn open(file: &str) -> Result<(), Trouble> {
    let begun = Instant::now();
    let source = source_from_bytes(file, std::fs::read(file).map_err(about(file))?)?;
    println!("{file}: {:.1} MB, read in {:.0?}", source.text().len() as f64 / 1e6, begun.elapsed());
    let begun = Instant::now();
    let (workspace, _) = Workspace::read(&source, &NoFiles)?;
    println!("understood in {:.0?}", begun.elapsed());
    let begun = Instant::now();
    let (snapshot, _) = workspace.compile()?;
    println!("compiled in {:.0?}", begun.elapsed());
    let matrix = snapshot.matrix();
    println!(
        "{} members, {} roles, {} permissions: {} sets of roles, {} pages",
        snapshot.member_count(),
        matrix.roles(),
        matrix.permissions(),
        matrix.sets(),
        matrix.pages()
    );
    println!("the snapshot: {:.1} MB", snapshot.bytes() as f64 / 1e6);
    if let Some(most) = memory("self", "VmHWM") {
        println!("the process at most: {:.0} MB", most as f64 / 1e6);
    }
    Ok(())
}
