//! Files: read whole within a bound, written whole or not at all.
//!
//! A file that is written takes its new content in one step: it is written beside its place under another name, and
//! then renamed, so that a reader never sees half of it and a failure leaves the old one. Files are named to
//! people the way they typed them, joined with `/` on every system; a name that is no Unicode is shown as near as may be,
//! and opened as it is.

use std::cell::RefCell;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use portcullis::text::{grouped, quoted};
use portcullis::{FetchedFile, Files};

use crate::exit::Failure;

/// The name that stands for standard input and output.
pub(crate) const STANDARD: &str = "-";
/// How many names are tried for a file that is being written.
const TRIES: u32 = 16;
/// What standard input is called in messages.
pub(crate) const STANDARD_SHOWN: &str = "standard input";

/// Why a file could not be read, in words that finish "cannot read `PATH`: …".
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    }
}

/// Why a file could not be written, in words that finish "cannot write `PATH`: …".
pub(crate) fn in_words_of_writing(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        _ => in_words(error),
    }
}

/// The bytes of the file of this name, at most `most`; the words finish "cannot read `PATH`: …". No name stands for
/// standard input here: what a workspace names is a file, whatever its name.
fn read_file(path: &Path, most: usize, flag: &str) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| in_words(&error))?;
    let about = file.metadata().map_err(|error| in_words(&error))?;
    if about.is_dir() {
        return Err("it is a directory".to_owned());
    }
    let size = usize::try_from(about.len()).unwrap_or(usize::MAX);
    if size > most {
        let (bytes, limit) = (grouped(size), grouped(most));
        return Err(format!("it has {bytes} bytes where the limit is {limit}; raise it with `--{flag}`"));
    }
    read_bounded(file, size, most, flag)
}

/// What a reader holds, about `size` bytes and at most `most`.
fn read_bounded(reader: impl Read, size: usize, most: usize, flag: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(size);
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(bound).read_to_end(&mut bytes).map_err(|error| in_words(&error))?;
    if bytes.len() > most {
        return Err(format!(
            "it has more than {} bytes, which is the limit; raise it with `--{flag}`",
            grouped(most)
        ));
    }
    Ok(bytes)
}

/// The bytes of a file that the user named; `-` is standard input.
pub(crate) fn read(path: &Path, most: usize, flag: &str) -> Result<Vec<u8>, Failure> {
    let read = if path.as_os_str() == STANDARD {
        read_bounded(io::stdin(), 0, most, flag)
    } else {
        read_file(path, most, flag)
    };
    read.map_err(|why| Failure::said(format!("cannot read {}: {why}", quoted(&shown(path)))))
}

/// The bytes of a file that is opened so, where no flag raises the limit.
pub(crate) fn read_within<'a>(
    path: &Path,
    most: usize,
    open: impl FnOnce() -> io::Result<Box<dyn Read + 'a>>,
) -> Result<Vec<u8>, Failure> {
    let failed = |why: &str| Failure::said(format!("cannot read {}: {why}", quoted(&shown(path))));
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    open()
        .and_then(|file| file.take(bound).read_to_end(&mut bytes))
        .map_err(|error| failed(&in_words(&error)))?;
    if bytes.len() > most {
        return Err(failed(&format!("it has more than {} bytes, which is the limit", grouped(most))));
    }
    Ok(bytes)
}

/// A path as people typed it.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == STANDARD {
        return STANDARD_SHOWN.to_owned();
    }
    path.to_string_lossy().into_owned()
}

/// A path as one types it into a shell.
pub(crate) fn typed(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':' | '\\' | '~' | '+' | '@');
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Whether two paths lead to one file, through links too. Standard input and output are no files.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    if one.as_os_str() == STANDARD || other.as_os_str() == STANDARD {
        return false;
    }
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether a path leads to one of these files, through links too.
pub(crate) fn is_among(files: &[PathBuf], path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else { return false };
    files.iter().any(|file| fs::canonicalize(file).is_ok_and(|file| file == path))
}

/// Whether a path leads to the file that standard input was redirected from.
#[cfg(unix)]
pub(crate) fn is_standard_input(path: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let input = io::stdin().as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata());
    // A terminal or the null device is read and written to at once without harm.
    matches!((input, fs::metadata(path)), (Ok(input), Ok(other))
        if input.is_file() && (input.dev(), input.ino()) == (other.dev(), other.ino()))
}

/// Whether a path leads to the file that standard input was redirected from; nobody can tell here.
#[cfg(not(unix))]
pub(crate) fn is_standard_input(_path: &Path) -> bool {
    false
}

/// The files that a workspace or a test suite names, relative to the directory that its own file stands in.
pub(crate) struct Beside {
    directory: PathBuf,
}

impl Beside {
    /// Files beside this one.
    pub(crate) fn file(path: &Path) -> Self {
        Beside { directory: path.parent().unwrap_or(Path::new("")).to_owned() }
    }

    /// Where the file is that is named so, as people would type it. Never what stands for standard input.
    pub(crate) fn place(&self, path: &str) -> PathBuf {
        let directory = self.directory.as_os_str();
        if path == STANDARD && directory.is_empty() {
            return Path::new(".").join(path);
        }
        if Path::new(path).is_absolute() || directory.is_empty() {
            return PathBuf::from(path);
        }
        let mut place = directory.to_owned();
        if !directory.as_encoded_bytes().ends_with(b"/") {
            place.push("/");
        }
        place.push(path);
        PathBuf::from(place)
    }
}

impl Files for Beside {
    fn fetch(&self, path: &str, most: usize, flag: &str) -> Result<FetchedFile, String> {
        let place = self.place(path);
        let bytes = read_file(&place, most, flag)?;
        Ok(FetchedFile { name: place.to_string_lossy().into_owned(), bytes })
    }
}

/// The same, noting down which files were read.
pub(crate) struct Noted {
    beside: Beside,
    places: RefCell<Vec<PathBuf>>,
}

impl Noted {
    /// Files beside this one.
    pub(crate) fn file(path: &Path) -> Self {
        Noted { beside: Beside::file(path), places: RefCell::default() }
    }

    /// The files that were asked for.
    pub(crate) fn places(self) -> Vec<PathBuf> {
        self.places.into_inner()
    }
}

impl Files for Noted {
    fn fetch(&self, path: &str, most: usize, flag: &str) -> Result<FetchedFile, String> {
        self.places.borrow_mut().push(self.beside.place(path));
        self.beside.fetch(path, most, flag)
    }
}

/// A file that is being written beside the place it will take.
pub(crate) struct Replacing {
    target: PathBuf,
    /// Nothing for what is no ordinary file: a pipe or a device is written to and not replaced.
    beside: Option<PathBuf>,
    file: Option<File>,
}

impl Replacing {
    /// Begins to write a file. Its permissions become those of the file that it replaces, if there is one.
    pub(crate) fn begin(target: &Path) -> io::Result<Self> {
        // A link keeps pointing at its file: the file itself is replaced.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let about = fs::metadata(&target).ok();
        if about.as_ref().is_some_and(|about| !about.is_file()) {
            let file = File::options().write(true).open(&target)?;
            return Ok(Replacing { target, beside: None, file: Some(file) });
        }
        let (beside, file) = part(&target)?;
        let replacing = Replacing { target, beside: Some(beside), file: Some(file) };
        if let (Some(about), Some(file)) = (about, &replacing.file) {
            file.set_permissions(about.permissions())?;
        }
        Ok(replacing)
    }

    /// The same of a file that is its owner's alone, where there was none before.
    pub(crate) fn begin_closed(target: &Path) -> io::Result<Self> {
        let replacing = Replacing::begin(target)?;
        #[cfg(unix)]
        if let Some(file) = replacing.file.as_ref().filter(|_| !target.exists()) {
            use std::os::unix::fs::PermissionsExt as _;
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(replacing)
    }

    /// Puts what was written in its place.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        let file = self.file.take();
        let Some(beside) = self.beside.take() else { return Ok(()) };
        let placed =
            file.map_or(Ok(()), |file| file.sync_all()).and_then(|()| fs::rename(&beside, &self.target));
        placed.inspect_err(|_| drop(fs::remove_file(&beside)))
    }
}

/// A new file beside another, under a name that nobody has. What a process that was killed left behind is not touched, and does
/// not keep another of the same number from its work: in a container every process may be number 1.
fn part(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let mut part = format!(".{name}.{}.part", std::process::id());
    let mut tries = 0;
    loop {
        let beside = target.with_file_name(&part);
        match File::options().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                tries += 1;
                let random = RandomState::new().hash_one(tries);
                part = format!(".{name}.{}.{random:016x}.part", std::process::id());
            }
            // That there is no such directory is plain without the name.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
            Err(error) => {
                let (part, why) = (quoted(&part), in_words(&error));
                return Err(io::Error::other(format!("{part} cannot be made beside it: {why}")));
            }
        }
    }
}

impl Write for Replacing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

impl Drop for Replacing {
    fn drop(&mut self) {
        // What was not committed is half of something.
        self.file = None;
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

/// Writes a whole file in one step.
pub(crate) fn replace(target: &Path, text: &str) -> io::Result<()> {
    let mut replacing = Replacing::begin(target)?;
    replacing.write_all(text.as_bytes())?;
    replacing.commit()
}
