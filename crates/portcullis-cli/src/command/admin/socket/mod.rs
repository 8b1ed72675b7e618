//! The administrator's commands on a folder that a server has: the server does them, over a local socket in the folder.
//!
//! A command that finds the folder taken sends what was typed, with all that it has read until then, and shows what comes back ([`client`]). The
//! server runs the same code on its own service ([`listen`]), so that output, exit status and audit entries are the same. It never opens a path
//! that a client names, and a client writes no file but the one that it was told to write. Who acts without a key is who the system says is at the
//! other end. The socket is for its owner (0600) and root, since keys and secrets go over it; nothing that goes over it is logged.
//!
//! An HTTP API for administrators would need none of this, but could be used by whoever can reach a port; a second process that opens
//! the database would change it behind the server's back.

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod listen;
#[cfg(unix)]
mod peer;
#[cfg(unix)]
mod wire;

use std::ffi::OsString;
use std::path::Path;

use portcullis::text::quoted;
use portcullis_store::StoreError;

use super::refused::{Trouble, failure};
use crate::exit::Failure;
use crate::files;
use crate::output::Output;

#[cfg(unix)]
pub(crate) use self::listen::listen;

/// The socket's name in the folder.
pub(crate) const FILE: &str = "portcullis.sock";

/// Has what was typed done by the server that has the folder. What it came to is told; without a server, why the folder cannot be had.
#[cfg(unix)]
pub(crate) fn ask(folder: &Path, locked: StoreError, typed: Vec<OsString>, out: &mut Output) -> Trouble {
    match client::ask(folder, typed, out) {
        Ok(Some(exit)) => Trouble::Answered(exit),
        Ok(None) => failure(locked.into()).into(),
        Err(trouble) => trouble,
    }
}

/// Why the folder cannot be had: there are no local sockets here.
#[cfg(not(unix))]
pub(crate) fn ask(_folder: &Path, locked: StoreError, _typed: Vec<OsString>, _out: &mut Output) -> Trouble {
    failure(locked.into()).into()
}

/// Why a folder cannot be had by a command that needs it for itself. What helps where a server has it is said with it.
pub(crate) fn kept(folder: &Path, error: StoreError, help: &str) -> Failure {
    match error {
        StoreError::Locked { process, .. } if is_served(folder) => {
            let by = process.map_or_else(String::new, |process| format!(" by process {process}"));
            let name = quoted(&files::shown(folder));
            let message =
                format!("the folder {name} is being served{by}; this command needs a folder for itself");
            Failure::with_help(message, help)
        }
        error => failure(error.into()),
    }
}

#[cfg(unix)]
fn is_served(folder: &Path) -> bool {
    client::is_answered(folder)
}

#[cfg(not(unix))]
fn is_served(_folder: &Path) -> bool {
    false
}
