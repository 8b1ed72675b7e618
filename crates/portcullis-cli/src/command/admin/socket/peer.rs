//! Where the socket is, and who is at its other end.
//!
//! The system says who that is; nobody is asked. A socket's path may have some hundred bytes, and a folder may lie deeper than that: then
//! it is named through a descriptor of the folder, where the system has such names.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

/// How many bytes the path of a socket has at most, on the system that allows the fewest.
const LONGEST: usize = 103;

/// Does something with the path of a file in a folder, or with a short name of the same file.
pub(super) fn within<T>(
    folder: &Path,
    name: &str,
    with: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let path = folder.join(name);
    let length = path.as_os_str().len();
    if length <= LONGEST {
        return with(&path);
    }
    let folder = File::open(folder)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    if !short.is_dir() {
        let what = format!(
            "the path of the socket has {length} bytes, and may have {LONGEST}: name the folder by a shorter path"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    with(&short.join(name))
}

/// The user at the other end.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn user_of(stream: &UnixStream) -> io::Result<Uid> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    Ok(Uid::from_raw(getsockopt(stream, PeerCredentials)?.uid()))
}

/// The user at the other end.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn user_of(stream: &UnixStream) -> io::Result<Uid> {
    Ok(nix::unistd::getpeereid(stream)?.0)
}

/// What a user is called, in one line; one without a name has a number.
pub(super) fn name_of(user: Uid) -> String {
    let named = User::from_uid(user).ok().flatten().map(|user| portcullis::text::shown(&user.name));
    named.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| format!("uid:{user}"))
}
