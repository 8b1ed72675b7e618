//! Writes what each fuzz target starts from into `DIRECTORY/TARGET/`, for `fuzz/run`.
//!
//! Inputs are named after what they are, and written again each time, so that they follow the corpus; what the fuzzer has
//! found beside them stays.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use portcullis_testkit::fuzz;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let Some(directory) = words.next().map(PathBuf::from) else {
        return Err("usage: seeds DIRECTORY TARGET…".into());
    };
    for target in words {
        let folder = directory.join(&target);
        fs::create_dir_all(&folder)?;
        let seeds = fuzz::seeds(&target)?;
        for (name, bytes) in &seeds {
            fs::write(folder.join(format!("seed-{}", name.replace('/', "-"))), bytes)?;
        }
        println!("{target}: {} seeds", seeds.len());
    }
    Ok(())
}
