//! Much at once: an import, batches, and folders opened with a million members or ten thousand workspaces.
//!
//! A folder is opened by a process of its own, whose memory is then what the data take and not what was left by making them. The system has the file at
//! hand: what a disk that must be read takes besides is told by whoever drops the file from memory between the two, which [`make`] and [`open`] allow.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_server::{Call, Change, Operation, Service, System};
use portcullis_store::{SqliteStore, Store};

use super::{data, file, fresh, import, median, resident, serve};
use crate::Trouble;
use crate::crowd::address;

/// Members of the import.
const IMPORTED: usize = 100_000;

/// Operations of one batch.
const BATCH: usize = 10_000;

/// How often an import and an opening are timed.
const TIMES: usize = 3;

/// Imports, each into a new folder.
///
/// # Errors
/// When something is refused.
pub fn imports(within: &Path) -> Result<(), Trouble> {
    println!("{IMPORTED} members brought in, {TIMES} times; wanted 5 s");
    for groups in [false, true] {
        let (mut took, text) = (Vec::new(), file("acme", IMPORTED, groups)?);
        for _ in 0..TIMES {
            let folder = fresh(within)?;
            let service = serve(&data(folder.path()))?;
            let begun = Instant::now();
            let imported = import(&service, text.clone())?;
            took.push(begun.elapsed());
            let there = service.snapshot(&imported.admin, imported.workspace)?.member_count();
            if there != IMPORTED + 1 {
                return Err(format!("{there} members are there").into());
            }
        }
        tell(
            if groups { "a workspace file, 150,000 places in groups besides" } else { "a workspace file" },
            &took,
        );
    }
    let (mut whole, mut each) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let folder = fresh(within)?;
        let service = serve(&data(folder.path()))?;
        let imported = import(&service, file("acme", 0, false)?)?;
        let begun = Instant::now();
        for batch in 0..IMPORTED / BATCH {
            let joining = (0..BATCH).map(|place| Operation::AddMember {
                subject: address(batch * BATCH + place),
                role: Some("viewer".into()),
                kind: None,
                properties: None,
            });
            let change = Change::from(joining.collect::<Vec<_>>());
            let begun = Instant::now();
            service.change(&imported.admin, imported.workspace, &change)?;
            each.push(begun.elapsed());
        }
        whole.push(begun.elapsed());
        let there = service.snapshot(&imported.admin, imported.workspace)?.member_count();
        if there != IMPORTED + 1 {
            return Err(format!("{there} members are there").into());
        }
    }
    tell("ten changes of 10,000 members each, all ten", &whole);
    tell("one of the ten", &each);
    Ok(())
}

fn tell(what: &str, took: &[Duration]) {
    let worst = took.iter().max().copied().unwrap_or_default();
    println!("  {what:>52}: median {:.2?}, longest {worst:.2?}", median(took));
}

/// Makes a folder of one workspace with so many members, or of so many workspaces with five.
///
/// # Errors
/// When something is refused.
pub fn make(folder: &Path, workspaces: usize, members: usize, groups: bool) -> Result<(), Trouble> {
    let service = serve(folder)?;
    let begun = Instant::now();
    for number in 0..workspaces {
        import(&service, file(&format!("workspace {number}"), members, groups)?)?;
    }
    println!("  made in {:.1?}: {workspaces} × {members} members", begun.elapsed());
    Ok(())
}

/// Opens a folder and tells what it took.
///
/// # Errors
/// When it cannot be opened, or answers wrongly.
pub fn open(folder: &Path) -> Result<(), Trouble> {
    let begun = Instant::now();
    let store = Arc::new(SqliteStore::open(folder)?);
    let opened = begun.elapsed();
    let service = Service::open(store as Arc<dyn Store>, Arc::new(System))?;
    let ready = begun.elapsed();
    let (mut members, mut workspaces) = (0, 0);
    for (_, workspace) in service.workspace_names() {
        let snapshot = service.snapshot(&Call::local("bench"), workspace)?;
        (members, workspaces) = (members + snapshot.member_count(), workspaces + 1);
        if !snapshot.check(super::ADMIN, "delete", "source").is_allowed() {
            return Err("who administers may not".into());
        }
    }
    println!(
        "  {workspaces} workspaces, {members} members: the store after {opened:.2?}, ready after {ready:.2?}; {}",
        resident()
    );
    Ok(())
}

/// Makes a folder and opens it in processes of their own.
///
/// # Errors
/// When either fails.
pub fn opened(within: &Path, workspaces: usize, members: usize, groups: bool) -> Result<(), Trouble> {
    let with = if groups { ", in groups" } else { "" };
    println!("opening a folder: {workspaces} × {members} members, 5 roles{with}; {TIMES} times");
    let folder = fresh(within)?;
    let place = data(folder.path());
    make(&place, workspaces, members, groups)?;
    for _ in 0..TIMES {
        let opened = Command::new(std::env::current_exe()?).arg(&place).arg("open-folder").status()?;
        if !opened.success() {
            return Err("the folder could not be opened".into());
        }
    }
    Ok(())
}
