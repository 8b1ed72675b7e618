//! Memory that is free goes back to the system.
//!
//! Reading and compiling a large workspace takes twice the memory of what comes out of it. The allocator, mimalloc, keeps what was freed in two ways. A thread
//! keeps pieces of which nothing is in use, one of each size, for what it may want next: so what takes much is done in a thread that ends
//! ([`apart`]). And the process keeps what its threads gave up for a second, and gives it to the system when a thread next frees much, or ends: of
//! which a server that nobody asks has none, so one is begun that does nothing but end when the second is over ([`give_back`]).
//! Options of the allocator could not be set without `unsafe`, or in an environment that is not ours.

use std::hint::black_box;
use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use crate::exit::Failure;

/// How long the process keeps what is free (`purge_delay` of mimalloc), and a little.
const KEPT: Duration = Duration::from_millis(1_100);

/// Does something in a thread that ends with it.
pub(super) fn apart<T: Send>(what: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    thread::scope(|scope| {
        let begun = thread::Builder::new().name("load".to_owned()).spawn_scoped(scope, what);
        let begun = begun.map_err(|error| Failure::said(format!("cannot start: {error}")))?;
        Ok(begun.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Gives back what is free now and is still free in a second. It does not wait for that.
pub(super) fn give_back() {
    let end = || {
        thread::sleep(KEPT);
        // Only a thread that has taken something has anything to settle when it ends.
        drop(black_box(Box::new(0_u8)));
    };
    // Where no thread can be had, memory stays: the next time will do.
    let _ = thread::Builder::new().name("memory".to_owned()).spawn(end);
}
