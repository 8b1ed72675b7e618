//! Waiting until one of some files changes.
//!
//! It looks at each file a few times a second instead of asking the system for notices: that needs no dependency, works on network
//! folders too, and does not care whether an editor writes a file or puts another in its place. A file is as it was
//! while its size, its time of change and, where there are such, its number in the file system are. What is
//! noted down is noted before the file is read, so that a change during the reading is seen afterwards. A file that is not there is
//! a state like any other; but as editors remove a file for an instant, a while passes before that is believed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use portcullis::{FetchedFile, Files};

use crate::files::Beside;

/// How often files are looked at, unless there are so many that looking takes long.
const POLL: Duration = Duration::from_millis(250);
/// Looking takes at most this part of the time.
const SHARE: u32 = 10;
/// Files are believed when they have not changed for so long.
const SETTLED: Duration = Duration::from_millis(50);
/// How often that is waited for: a second for a file to come back, or for somebody who keeps on writing.
const PATIENCE: u32 = 20;

/// What tells one state of a file from another; `None` when it cannot be looked at.
type Stamp = Option<(u64, Option<SystemTime>, u64)>;

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok(), number(&about)))
}

#[cfg(unix)]
fn number(about: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
fn number(_about: &fs::Metadata) -> u64 {
    0
}

/// The files to watch, as they were just before they were read.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    stamps: RefCell<BTreeMap<PathBuf, Stamp>>,
}

impl Watched {
    /// Notes down how a file is that is about to be read. The first note about a file counts.
    pub(crate) fn note(&self, path: &Path) {
        self.stamps.borrow_mut().entry(path.to_owned()).or_insert_with(|| stamp(path));
    }

    /// How many files are watched.
    pub(crate) fn len(&self) -> usize {
        self.stamps.borrow().len()
    }

    /// Waits until a file is no longer as it was noted, and tells which; nothing when the end came first.
    pub(crate) fn wait(&self, end: &End) -> Option<Vec<PathBuf>> {
        loop {
            let begun = Instant::now();
            if !self.changed(&self.now()).is_empty() {
                let changed = self.settled(end)?;
                // An editor may have put everything back.
                if !changed.is_empty() {
                    return Some(changed);
                }
            }
            if end.came_within(POLL.max(begun.elapsed() * SHARE)) {
                return None;
            }
        }
    }

    /// What changed, once nothing is changing any more.
    fn settled(&self, end: &End) -> Option<Vec<PathBuf>> {
        let mut before = self.now();
        for _ in 0..PATIENCE {
            if end.came_within(SETTLED) {
                return None;
            }
            let now = self.now();
            let vanished =
                self.stamps.borrow().values().zip(&now).any(|(then, now)| then.is_some() && now.is_none());
            if now == before && !vanished {
                break;
            }
            before = now;
        }
        Some(self.changed(&before))
    }

    fn now(&self) -> Vec<Stamp> {
        self.stamps.borrow().keys().map(|path| stamp(path)).collect()
    }

    fn changed(&self, now: &[Stamp]) -> Vec<PathBuf> {
        let stamps = self.stamps.borrow();
        let differs = stamps.iter().zip(now).filter(|((_, then), now)| then != now);
        differs.map(|((path, _), _)| path.clone()).collect()
    }
}

/// The files that a workspace or a test suite names, each noted down before it is read.
pub(crate) struct Noting<'w> {
    pub(crate) beside: Beside,
    pub(crate) watched: &'w Watched,
}

impl Files for Noting<'_> {
    fn fetch(&self, path: &str, most: usize, flag: &str) -> Result<FetchedFile, String> {
        self.watched.note(&self.beside.place(path));
        self.beside.fetch(path, most, flag)
    }
}

/// The end of watching: whoever started this closed the pipe that is standard input. Ctrl-C and a closed
/// terminal end the process without being asked.
pub(crate) struct End {
    came: Receiver<()>,
    /// Kept so that the channel is open when nobody listens.
    _sender: Option<Sender<()>>,
}

impl End {
    /// An end that comes when what stands beside it is dropped.
    #[cfg(unix)]
    pub(crate) fn with_sender() -> (Sender<()>, End) {
        let (sender, came) = mpsc::channel();
        (sender, End { came, _sender: None })
    }

    /// Begins to listen. A terminal is left alone, as reading it would stop a process in the background; so is
    /// what never ends or has always been at its end, such as the null device.
    pub(crate) fn listen() -> End {
        let (sender, came) = mpsc::channel();
        if stdin_is_a_pipe() {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut ignored = [0; 1024];
                while io::stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}
                let _ = sender.send(());
            });
        }
        End { came, _sender: Some(sender) }
    }

    /// Waits, and says whether the end came.
    fn came_within(&self, time: Duration) -> bool {
        self.came.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }
}

#[cfg(unix)]
fn stdin_is_a_pipe() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;
    let file = io::stdin().as_fd().try_clone_to_owned().map(fs::File::from);
    let kind = file.and_then(|file| file.metadata()).map(|about| about.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

#[cfg(not(unix))]
fn stdin_is_a_pipe() -> bool {
    false
}
