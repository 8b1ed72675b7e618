//! A backup: the database in one file, and behind it a line with the hash of all that comes before.
//!
//! SQLite writes the copy (`VACUUM INTO`), as of one moment, while changes go on. It leaves out what was erased, which a copy of the pages would
//! take along. The line is what tells a backup from any other file, and a whole one from one that was cut off or changed on its way:
//! pages and references that hold together say nothing of a letter that became another.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use rusqlite::config::DbConfig;
use sha2::{Digest, Sha256};

use super::file::{self, Unfinished};
use crate::{Result, StoreError};

/// What the last line begins with; 1 is the layout of the file, whatever the format of the database.
const MARK: &str = "\nportcullis backup 1 sha256 ";
/// How long that line is: the hash has 64 digits, and a line feed ends it.
pub(super) const LINE: usize = MARK.len() + 64 + 1;

/// The line behind a database of this hash.
pub(super) fn line(hash: [u8; 32]) -> String {
    let digits: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{MARK}{}\n", digits.concat())
}

/// Whether these bytes begin as the line does.
pub(super) fn is_marked(line: &[u8]) -> bool {
    line.starts_with(MARK.as_bytes())
}

/// Reads so many bytes, gives each part away, and hashes them all.
pub(super) fn hashed(
    from: impl Read,
    length: u64,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<[u8; 32]> {
    let (mut from, mut hasher, mut seen) = (from.take(length), Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = from.read(&mut buffer)?;
        let part = buffer.get(..read).unwrap_or(&[]);
        if part.is_empty() {
            break;
        }
        hasher.update(part);
        each(part)?;
        seen += part.len() as u64;
    }
    if seen != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(hasher.finalize().into())
}

/// Writes a backup of the database in a file into another, which must not be there.
pub(super) fn write(database: &Path, to: &Path) -> Result<()> {
    let doing = || format!("writing the backup {}", to.display());
    // Whole paths: SQLite gives some relative ones a meaning of its own.
    let to = std::path::absolute(to).map_err(|error| StoreError::failed(doing(), error))?;
    if file::is_there(&to)? {
        return Err(StoreError::Exists(to));
    }
    let part = Unfinished::new(file::beside(&to, ".part"))?;
    let name = part.path().to_str();
    let name = name.ok_or_else(|| StoreError::failed(doing(), "its name is not UTF-8"))?;
    let copied = (|| {
        let db = file::opened(database)?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        // The log is for those to move into the file who write to it.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.pragma_update(None, "trusted_schema", false)?;
        db.execute("VACUUM INTO ?", [name])
    })();
    copied.map_err(|error| StoreError::failed(doing(), error))?;
    mark(part.path()).map_err(|error| StoreError::failed(doing(), error))?;
    part.keep(&to)
}

/// Puts the line behind a database.
fn mark(part: &Path) -> io::Result<()> {
    let written = File::open(part)?;
    let hash = hashed(&written, written.metadata()?.len(), |_| Ok(()))?;
    OpenOptions::new().append(true).open(part)?.write_all(line(hash).as_bytes())
}
