//! Times the directory on a disk: durable writes, imports, opening large folders, changes of every kind, and checks beside changes.
//!
//! `cargo run --release -p portcullis-benches --bin time-directory -- [FOLDER [PART…]]`: all parts, or those of `writes`, `imports`, `million`,
//! `workspaces`, `changes` and `checks` that are named, in a folder on the disk that is meant; in the system's folder for temporary files when none is
//! named, which on some systems is memory. `FOLDER make-folder WORKSPACES MEMBERS` makes data and `FOLDER open-folder` opens them, each
//! in a process of its own, for who wants to drop the file from memory in between.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use portcullis_benches::Trouble;
use portcullis_benches::arguments::{count, obey, unlike};
use portcullis_benches::directory::{changes, checks, disk, large};

const USAGE: &str = "time-directory [FOLDER [writes|imports|million|workspaces|changes|checks …]]";

const PARTS: [&str; 6] = ["writes", "imports", "million", "workspaces", "changes", "checks"];

fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        [] => PARTS.iter().try_for_each(|part| time(&std::env::temp_dir(), part)),
        [folder, "make-folder", workspaces, members] => {
            let (workspaces, members) = (count("WORKSPACES", workspaces, 1)?, count("MEMBERS", members, 0)?);
            large::make(Path::new(folder), workspaces, members, false)
        }
        [folder, "open-folder"] => large::open(Path::new(folder)),
        [folder, parts @ ..] if parts.iter().all(|part| PARTS.contains(part)) => {
            let folder = PathBuf::from(folder);
            let parts = if parts.is_empty() { &PARTS } else { parts };
            parts.iter().try_for_each(|part| time(&folder, part))
        }
        more => Err(unlike(USAGE, more)),
    })
}

fn time(folder: &Path, part: &str) -> Result<(), Trouble> {
    match part {
        "writes" => disk::writes(folder),
        "imports" => large::imports(folder),
        "million" => {
            large::opened(folder, 1, 1_000_000, false)?;
            // A file of more is longer than files may be.
            large::opened(folder, 1, 750_000, true)
        }
        "workspaces" => large::opened(folder, 10_000, 5, false),
        "changes" => changes::changes(folder),
        _ => checks::checks(folder),
    }
}
