//! What the publishing of snapshots takes its locks and counts from: the standard library. A test that compiles
//! `writer/publish.rs` once more names others in their place.

pub(crate) use std::hint::spin_loop as pause;
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex, RwLock, TryLockError};
