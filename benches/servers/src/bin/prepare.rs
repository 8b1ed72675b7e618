//! Writes the workload into a folder.
//!
//! This file knows the command line and nothing else.

use std::path::Path;
use std::process::ExitCode;

use portcullis_benches::arguments::{count, misuse, number, obey, unlike};
use portcullis_servers::workload::{self, Sizes};

const USAGE: &str = "prepare FOLDER [--members N] [--singles N] [--batches N]
       prepare workspace FILE [--members N]

  --members N   members of the workspace, 1,000 unless said otherwise
  --singles N   distinct single evaluations, 8,192 unless said otherwise
  --batches N   distinct batches of 90 evaluations, 1,024 unless said otherwise";

fn main() -> ExitCode {
    obey(USAGE, |words| {
        let (file, folder, options) = match words {
            ["workspace", file, options @ ..] => (true, file, options),
            [folder, options @ ..] if !folder.starts_with("--") => (false, folder, options),
            words => return Err(unlike("prepare FOLDER", words)),
        };
        let mut sizes = Sizes::default();
        for option in options.chunks(2) {
            match option {
                ["--members", word] => sizes.members = number("--members", word, 1..=1_000_000)?,
                ["--singles", word] => sizes.singles = count("--singles", word, 1)?,
                ["--batches", word] => sizes.batches = count("--batches", word, 1)?,
                words => {
                    let found = words.join(" ");
                    return Err(misuse(format!(
                        "expected --members, --singles or --batches and a number, found `{found}`"
                    )));
                }
            }
        }
        let place = Path::new(folder);
        if file { workload::write_workspace(place, sizes.members) } else { workload::write(place, sizes) }
    })
}
