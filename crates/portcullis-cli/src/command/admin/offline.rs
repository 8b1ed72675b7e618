//! `portcullis key new --offline`: a key for the keys file of a server that has no data folder, and that file.
//!
//! Nothing is asked of any server: the secret is drawn here, shown once, and the file is given its hash. The file is replaced in one step, and
//! is its owner's alone when it is made here; two commands on one file wait for each other, since an entry that the other
//! wrote over would be a key that opens nothing. It is never run on behalf of somebody else: it writes where it is told to.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use portcullis::text::{printable, quoted};
use portcullis_server::{FileKey, FileKeys, System};
use serde_json::json;

use super::refused::failure;
use crate::args::FormatArgs;
use crate::exit::{Exit, Failure, Outcome};
use crate::files::{self, Replacing};
use crate::output::Output;
use crate::render::made::show_once;

/// Make a key for the keys file of a server without a data folder.
///
/// Prints the secret, once, and adds the key to FILE by its hash; without FILE it prints the entry that stands for the key there. A server that
/// runs with that file (`portcullis serve --workspace FILE --keys FILE`) lets the key in within a second. To revoke a key, take its entry out.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  portcullis key new --offline --name billing --keys keys.json
  portcullis key new --offline --name billing")]
pub(super) struct New {
    /// For a keys file and not for a data folder, whose keys `portcullis key add` makes
    #[arg(long)]
    offline: bool,
    /// What to call it
    #[arg(long)]
    name: String,
    /// The keys file to add it to; it is made when there is none
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

impl New {
    pub(super) fn run(&self, out: &mut Output) -> Outcome {
        if !self.offline {
            let help = "say --offline for a keys file; `portcullis key add` makes a key in a data folder";
            return Err(Failure::with_help("`key new` makes keys for a keys file alone", help));
        }
        let (secret, key) = FileKey::draw(&self.name, &System).map_err(failure)?;
        let (id, name) = (key.id(), quoted(key.name()));
        if let Some(file) = &self.keys {
            added(file, key.clone())?;
        }
        if self.format.is_json() {
            let file = self.keys.as_deref().map(files::shown);
            let told = json!({
                "id": id.to_string(),
                "name": key.name(),
                "secret": secret.reveal(),
                "file": file,
                "entry": key,
            });
            out.json(&told)?;
            return Ok(Exit::Clear);
        }
        let then = match &self.keys {
            Some(file) => {
                let file = printable(&files::shown(file));
                writeln!(out, "added the key {name} ({id}) to {file}")?;
                "Keep it where only its user can read it.".to_owned()
            }
            None => {
                let entry = serde_json::to_string(&key).map_err(io::Error::from)?;
                format!("Keep it where only its user can read it. Its entry in a keys file:\n\n  {entry}")
            }
        };
        show_once(&format!("The key {name}"), &secret.reveal(), &then, out)?;
        Ok(Exit::Clear)
    }
}

/// Adds a key to a file, or makes the file.
fn added(path: &Path, key: FileKey) -> Result<(), Failure> {
    let _alone = alone_beside(path);
    let mut keys = if path.exists() { read(path)? } else { FileKeys::default() };
    let amiss = |error: portcullis_server::Refusal| {
        Failure::said(format!("cannot add a key to {}: {error}", quoted(&files::shown(path))))
    };
    keys.add(key).map_err(amiss)?;
    let text = keys.text().map_err(amiss)?;
    let written = Replacing::begin_closed(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.commit()
    });
    written.map_err(|error| {
        let why = files::in_words_of_writing(&error);
        Failure::said(format!("cannot write {}: {why}", quoted(&files::shown(path))))
    })
}

/// What a keys file says.
pub(crate) fn read(path: &Path) -> Result<FileKeys, Failure> {
    let read = files::read_within(path, FileKeys::BYTES, || Ok(Box::new(File::open(path)?)));
    let bytes = read.map_err(|failure| match failure {
        Failure::Said { message, help: None } if !path.exists() => {
            let file = files::typed(path);
            let help =
                format!("`portcullis key new --offline --name NAME --keys {file}` makes it with a key");
            Failure::with_help(message, printable(&help))
        }
        other => other,
    })?;
    let name = quoted(&files::shown(path));
    let text = String::from_utf8(bytes).map_err(|_| Failure::said(format!("{name} is no UTF-8 text")))?;
    FileKeys::read(&text).map_err(|error| {
        let message = printable(&format!("{name} is no keys file: {error}"));
        Failure::with_help(
            message,
            "a keys file is {\"keys\": […]}; `portcullis key new --offline --keys FILE` writes it",
        )
    })
}

/// Waits until nobody else changes a file in the folder of this one, where the system has such locks.
fn alone_beside(path: &Path) -> Option<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder).ok()?;
    folder.lock().ok().map(|()| folder)
}
