//! Writes the large files that the records time, into a directory.
//!
//! `cargo run --release -p portcullis-benches --bin make-large -- DIR`

use std::path::Path;

use portcullis_benches::{Trouble, large};

fn main() -> Result<(), Trouble> {
    let Some(directory) = std::env::args().nth(1) else {
        return Err("name a directory to write into: make-large DIR".into());
    };
    let directory = Path::new(&directory);
    std::fs::create_dir_all(directory)?;
    let (wide, listed) = large::long_list(2_000);
    let files = [
        ("catalogue.json", large::catalogue(20)),
        ("statements-850.json", large::many_statements(850)),
        ("list-2000.schema.json", wide),
        ("list-2000.json", listed),
        ("cloud-1600.json", large::cloud_workspace(1_600)),
    ];
    for (name, value) in files {
        let text = value.to_string();
        println!("{name}: {} bytes", text.len());
        std::fs::write(directory.join(name), text)?;
    }
    Ok(())
}
