//! Memory that is free goes back to the system.
//!
//! The allocator, mimalloc, keeps what was freed in three ways. A thread keeps pieces of which nothing is in use for what it may want next, and
//! pieces that other threads have emptied until it looks at them; and the process keeps for a second what its threads gave up. Each is looked
//! through when a thread ends or has taken memory often enough. Threads that load a large workspace, which takes twice the memory of what
//! comes out of it, end with that ([`apart`]); those that answer see to it once a second ([`settle`]), or what a flood of connections took
//! would stay as long as nobody asks much.
//!
//! The allocator's options and its own call for this cannot be had without `unsafe`.

use std::hint::black_box;
use std::panic::resume_unwind;
use std::thread;

use crate::exit::Failure;

/// After how many times that a thread took memory the allocator looks through what that thread has (`generic_collect` of mimalloc, counted by
/// the thousand), and how much must be taken for a time to be counted.
const TAKEN: usize = 11_000;
const PIECE: usize = 2 << 10;

/// Does something in a thread that ends with it.
pub(super) fn apart<T: Send>(what: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    thread::scope(|scope| {
        let begun = thread::Builder::new().name("load".to_owned()).spawn_scoped(scope, what);
        let begun = begun.map_err(|error| Failure::said(format!("cannot start: {error}")))?;
        Ok(begun.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Has the allocator look through what this thread holds. It takes a fifth of a millisecond.
pub(super) fn settle() {
    for _ in 0..TAKEN {
        drop(black_box(Vec::<u8>::with_capacity(PIECE)));
    }
}
