//! Who acts: whoever holds the key that is shown, or a user of the machine.
//!
//! A key comes out of the environment or a file. It is never an argument. A user of the machine without one may look at what is in
//! the folder, which belongs to whoever can read it; every look is noted as `local:USER`.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;

use portcullis::text::quoted;
use portcullis_server::{Secret, SecretKind};

use super::around::Around;
use crate::exit::Failure;
use crate::files::{self, STANDARD};

/// The environment variable that holds a key.
pub(crate) const VARIABLE: &str = "PORTCULLIS_KEY";
/// No secret is longer, nor is any file that holds one and a few blanks.
const LONGEST: u64 = 4096;

/// What to do to act with a key.
pub(crate) const SET_A_KEY: &str =
    "put a member's key into $PORTCULLIS_KEY, or name a file that holds it with --key-file FILE";

/// The key that is shown, if there is one: that of the file, else that of the environment.
pub(crate) fn shown_key(around: &Around, file: Option<&Path>) -> Result<Option<String>, Failure> {
    match file {
        Some(file) => secret_in(around, file).map(Some),
        None => around.key(),
    }
}

/// The key in the environment of this process.
pub(crate) fn key_of_environment() -> Result<Option<String>, Failure> {
    match std::env::var(VARIABLE) {
        Ok(key) if key.trim().is_empty() => Ok(None),
        Ok(key) => Ok(Some(key)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Failure::said(format!("what is in ${VARIABLE} is no key of portcullis")))
        }
    }
}

/// The secret that a file holds, or standard input.
pub(crate) fn secret_in(around: &Around, file: &Path) -> Result<String, Failure> {
    let shown = files::shown(file);
    let name = if file.as_os_str() == STANDARD { shown } else { quoted(&shown) };
    let mut text = String::new();
    let read = around.open(file).and_then(|from| from.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::InvalidData => "it is no text".to_owned(),
            _ => files::in_words(&error),
        };
        Failure::said(format!("cannot read {name}: {why}"))
    })?;
    let found = match text.trim().len() {
        0 => "nothing".to_owned(),
        _ if text.len() as u64 > LONGEST => format!("more than {LONGEST} bytes"),
        _ => return Ok(text),
    };
    let message = format!("expected a secret in {name}, found {found}");
    Err(Failure::with_help(message, "the file holds the secret and nothing else"))
}

/// Refuses to go on when an argument is a secret. It is in the list of processes and in the history of the shell already; said back in a message, or
/// noted as the name of something that is not there, it would be in more places still.
pub(crate) fn no_secret_among(arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    for argument in arguments {
        let Some(argument) = argument.to_str() else { continue };
        let value = argument.split_once('=').map_or(argument, |(_, value)| value);
        if let Some(secret) = Secret::parse(value) {
            let (message, id) = (format!("an argument is {}", name_of(secret.kind())), secret.id());
            let help = format!(
                "other users and the history of the shell have seen it: revoke or renew it (its id is {id}), and give the next one in ${VARIABLE} or in a file"
            );
            return Err(Failure::with_help(message, help));
        }
    }
    Ok(())
}

/// Refuses what is not a secret of the wanted kind, without saying what it is instead of one.
pub(crate) fn must_be(kind: SecretKind, shown: &str) -> Result<(), Failure> {
    let Some(found) = Secret::parse(shown).map(|secret| secret.kind()) else {
        let message = "what was given is no secret of portcullis, or not all of it: its checksum is wrong";
        return Err(Failure::with_help(message, "secrets begin with `portcullis_`: copy it again, whole"));
    };
    if found == kind {
        return Ok(());
    }
    let message = format!("expected {}, found {}", name_of(kind), name_of(found));
    Err(match found {
        SecretKind::Operator => {
            Failure::with_help(message, "the operator's key opens nothing inside a workspace")
        }
        SecretKind::Key => Failure::with_help(message, "`portcullis init` showed the operator's key, once"),
        _ => Failure::said(message),
    })
}

const fn name_of(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Key => "the key of a member",
        SecretKind::Operator => "the operator's key",
        SecretKind::Invitation => "the token of an invitation",
        SecretKind::Setup => "a setup code",
    }
}

/// The user of the machine, as audit trails name them.
pub(crate) fn user() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let mut fit = named.filter(|name| !name.trim().is_empty()).map(|name| portcullis::text::shown(&name));
    fit.next().or_else(number).unwrap_or_else(|| "unknown".to_owned())
}

/// The number of the user, where the system tells it.
#[cfg(unix)]
fn number() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    Some(std::fs::metadata("/proc/self").ok()?.uid().to_string())
}

#[cfg(not(unix))]
fn number() -> Option<String> {
    None
}
