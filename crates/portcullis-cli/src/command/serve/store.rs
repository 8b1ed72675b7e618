//! A data folder that is served: its port, the socket of its administrator, and its setup when it is new.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis::text::printable;
use portcullis_server::{Service, SetupCode, Source};
use portcullis_store::{SqliteStore, StoreError};

use super::memory;
use super::running::{Serving, Signals};
use crate::command::admin::folder::{FolderArgs, Opened};
use crate::command::admin::refused::failure;
use crate::command::admin::socket;
use crate::exit::{Failure, Outcome};
use crate::files;
use crate::output::Output;

/// The file that a setup code is left in where nobody looks at a terminal.
const CODE_FILE: &str = "setup-code";

/// Opens a data folder for this process, or makes it.
pub(super) fn open(folder: &FolderArgs, out: &Output) -> Result<Opened, Failure> {
    let path = folder.path();
    match SqliteStore::create(&path) {
        Ok(store) => {
            out.note(&format!("made the data folder {}", printable(&files::shown(&path))));
            Opened::of(store)
        }
        Err(StoreError::Exists(_)) => memory::apart(|| folder.take())?,
        Err(error) => Err(failure(error.into())),
    }
}

/// Serves it until a signal comes.
pub(super) fn serve(folder: &FolderArgs, opened: Opened, serving: &Serving<'_>, out: &Output) -> Outcome {
    let path = folder.path();
    let code = opened.service.offer_setup().map_err(failure)?;
    let left = CodeFile(path.join(CODE_FILE));
    let service = Arc::clone(&opened.service);
    serve_opened(
        &path,
        opened,
        (Signals::caught()?, serving),
        |base| code.map_or(Ok(()), |code| tell_code(&left, base, &code, out)),
        || {
            if !service.workspace_names().is_empty() {
                left.remove();
            }
        },
    )
}

/// Serves a folder that is open, with the socket of its administrator.
pub(super) fn serve_opened(
    path: &Path,
    opened: Opened,
    (signals, serving): (Signals, &Serving<'_>),
    listening: impl FnOnce(&str) -> Result<(), Failure>,
    mut now_and_then: impl FnMut(),
) -> Outcome {
    let Opened { store, service } = opened;
    let commands = socket::listen(path, Arc::clone(&service), store)
        .map_err(|error| Failure::said(format!("cannot take commands for the folder: {error}")))?;
    let outcome = serving.run(signals, Source::Store(Arc::clone(&service)), listening, || {
        note_used(&service);
        now_and_then();
    });
    commands.stop();
    outcome
}

/// Writes down what is written down now and then.
fn note_used(service: &Service) {
    if let Err(error) = service.note_used() {
        tracing::warn!(%error, "when keys were used last could not be written; it is tried again");
    }
}

/// Where a setup code is left. It goes with the server, since the next start shows another code.
struct CodeFile(PathBuf);

impl CodeFile {
    /// Leaves a code, for the owner of the folder alone.
    fn write(&self, code: &str) -> io::Result<()> {
        // One of an earlier start is of no use any more.
        self.remove();
        let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0)?;
        writeln!(open, "{code}")
    }

    fn remove(&self) {
        // As a rule there is none.
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for CodeFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Shows the setup code on a terminal, else leaves it in a file that is its owner's alone.
fn tell_code(file: &CodeFile, base: &str, code: &SetupCode, out: &Output) -> Result<(), Failure> {
    let code = code.reveal();
    if io::stderr().is_terminal() {
        out.tell(&format!("this store has not been set up. Within the hour, with the code\n\n    {code}\n"));
        out.tell(&format!(
            "curl {base}/setup -H 'content-type: application/json' -d '{{\"code\": \"{code}\", \"workspace\": \"acme\", \"admin\": \"ann@acme.example\"}}'\n\nmakes the first workspace and shows its keys, once."
        ));
        return Ok(());
    }
    let shown = files::shown(&file.0);
    file.write(&code).map_err(|error| {
        Failure::said(format!("cannot leave the setup code in {}: {error}", printable(&shown)))
    })?;
    tracing::info!(file = %shown, "this store has not been set up: the code is in the file, good for an hour; POST it to /setup");
    Ok(())
}
