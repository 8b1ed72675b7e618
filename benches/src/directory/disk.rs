//! What the disk gives, and what of it a durable change reaches.
//!
//! Four things in turn, so that all of them meet the same moods of the disk: 4 KiB appended to a file and made durable, 4 KiB written over what is there and
//! made durable, which spares the disk the new length, one row put by SQLite alone as the store has it (WAL, `synchronous = FULL`), and one change of
//! the service.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_server::{Change, Operation};
use rusqlite::Connection;

use super::{ADMIN, data, file, fresh, import, middle, serve};
use crate::Trouble;
use crate::crowd::address;

/// How long each of the four writes in one turn, and how many turns there are: short ones, since a disk of a virtual machine may be ten times as fast
/// in one second as in the next.
const TURN: Duration = Duration::from_millis(150);
const TURNS: usize = 61;

/// A file that is appended to.
#[derive(Debug)]
pub struct Appended(File);

impl Appended {
    /// A new one in a folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: &Path) -> Result<Appended, Trouble> {
        Ok(Appended(File::options().create(true).append(true).open(folder.join("appended"))?))
    }

    /// Appends 4 KiB and waits for the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn append(&mut self) -> Result<Duration, Trouble> {
        let begun = Instant::now();
        self.0.write_all(&[0x5a; 4_096])?;
        self.0.sync_all()?;
        Ok(begun.elapsed())
    }
}

/// Writes 4 KiB over the beginning of a file and waits for the disk.
fn overwrite(file: &mut File) -> Result<(), Trouble> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&[0xa5; 4_096])?;
    Ok(file.sync_data()?)
}

/// SQLite alone: one table, one row a transaction.
struct Alone(Connection);

impl Alone {
    fn new(folder: &Path) -> Result<Alone, Trouble> {
        let db = Connection::open(folder.join("alone.db"))?;
        db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        db.pragma_update(None, "synchronous", "full")?;
        db.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")?;
        Ok(Alone(db))
    }

    fn put(&self, number: usize) -> Result<(), Trouble> {
        let mut put = self.0.prepare_cached("INSERT OR REPLACE INTO rows VALUES (?, ?)")?;
        put.execute((number % 1_000, "a row of a few bytes"))?;
        Ok(())
    }
}

/// Durable writes, one at a time.
///
/// # Errors
/// When something is refused or the disk fails.
pub fn writes(within: &Path) -> Result<(), Trouble> {
    println!("durable writes, one at a time: {TURNS} turns of {TURN:?} each, medians of the turns");
    let folder = fresh(within)?;
    let service = serve(&data(folder.path()))?;
    let imported = import(&service, file("acme", 1_000, false)?)?;
    let (mut appended, alone) = (Appended::new(folder.path())?, Alone::new(folder.path())?);
    let mut over = File::create(folder.path().join("over"))?;
    overwrite(&mut over)?;
    let (mut disk, mut in_place) = (Vec::new(), Vec::new());
    let (mut sqlite, mut changes) = (Vec::new(), Vec::new());
    let mut number = 0_usize;
    for _ in 0..TURNS {
        disk.push(rate(&mut |_| appended.append().map(drop))?);
        in_place.push(rate(&mut |_| overwrite(&mut over))?);
        sqlite.push(rate(&mut |number| alone.put(number))?);
        changes.push(rate(&mut |_| {
            let role = if (number / 1_000).is_multiple_of(2) { "editor" } else { "analyst" };
            let (member, role) = (address(number % 1_000).into(), role.into());
            let change = Change::from(Operation::SetMemberRole { member, role, version: None });
            number += 1;
            let done = service.change(&imported.admin, imported.workspace, &change)?;
            if done.made.iter().any(|made| made.unchanged) {
                return Err("a change changed nothing".into());
            }
            Ok(())
        })?);
    }
    let rates = [&disk, &in_place, &sqlite, &changes].map(|rates| middle(rates));
    let [of_disk, of_over, of_sqlite, of_changes] = rates;
    println!("  4 KiB appended and fsync: {of_disk:>8.0} a second");
    println!("  4 KiB over, fdatasync:    {of_over:>8.0} a second");
    println!("  SQLite alone, one row:    {of_sqlite:>8.0} a second");
    println!("  a member's role set:      {of_changes:>8.0} a second");
    let parts = |of: &[f64], to: &[f64]| {
        let parts: Vec<f64> = of.iter().zip(to).map(|(of, to)| 100.0 * of / to).collect();
        middle(&parts)
    };
    println!(
        "  turn by turn: SQLite reaches {:.0} % of the disk's rate; changes reach {:.0} % of the disk's, wanted 70 %, {:.0} % of its rate in place and {:.0} % of SQLite's",
        parts(&sqlite, &disk),
        parts(&changes, &disk),
        parts(&changes, &in_place),
        parts(&changes, &sqlite)
    );
    let snapshot = service.snapshot(&imported.admin, imported.workspace)?;
    if !snapshot.check(ADMIN, "delete", "workspace").is_allowed() {
        return Err("the administrator administers no more".into());
    }
    Ok(())
}

/// How many a second there are in one turn.
fn rate(write: &mut dyn FnMut(usize) -> Result<(), Trouble>) -> Result<f64, Trouble> {
    let begun = Instant::now();
    let mut number = 0;
    while begun.elapsed() < TURN {
        write(number)?;
        number += 1;
    }
    Ok(number as f64 / begun.elapsed().as_secs_f64())
}
