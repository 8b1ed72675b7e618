//! Writes the large files that the records time, into a directory.
//!
//! `cargo run --release -p portcullis-benches --bin make-large -- DIR`

use std::path::Path;
use std::process::ExitCode;

use portcullis_benches::arguments::{about, obey, unlike};
use portcullis_benches::crowd::Crowd;
use portcullis_benches::{Trouble, large};

const USAGE: &str = "make-large DIR";

fn main() -> ExitCode {
    obey(USAGE, |words| match words {
        [directory] => write(Path::new(directory)),
        other => Err(unlike(USAGE, other)),
    })
}

fn write(directory: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(directory).map_err(about(directory))?;
    let (wide, listed) = large::long_list(2_000);
    let files = [
        ("catalogue.json", large::catalogue(20).to_string()),
        ("statements-850.json", large::many_statements(850).to_string()),
        ("list-2000.schema.json", wide.to_string()),
        ("list-2000.json", listed.to_string()),
        ("cloud-1600.json", large::cloud_workspace(1_600).to_string()),
        ("wide.json", large::wide().to_string()),
        ("members-1000000.json", Crowd::new(1_000_000, 5)?.json()?),
    ];
    for (name, text) in files {
        println!("{name}: {} bytes", text.len());
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(about(&path))?;
    }
    Ok(())
}
