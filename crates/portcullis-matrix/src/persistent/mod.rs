//! Arrays whose versions share what did not change.
//!
//! A snapshot is never edited, and an edit must not copy a million entries. So arrays are cut into chunks
//! behind reference counts: cloning an array is one count, and writing an entry copies its chunk
//! (and the list of chunks) once, unless nobody else holds them. What a reader sees never changes.
//!
//! ```text
//!   Table ──► list of chunks ──► chunk 0   entries 0 ..         a clone shares the list;
//!                            ├─► chunk 1                        a write to chunk 1 makes a new list
//!                            └─► chunk 2                        and a new chunk 1, and shares the others
//! ```
//!
//! Reading costs one look-up more than in a plain array, always of the same few cache lines. Reading never
//! fails: what is not there reads as the default.
//!
//! - [`Table`] holds entries of one size, [`Column`] numbers in as few bytes as they need, [`Lists`] a slice of
//!   any length an entry.

mod column;
mod lists;
mod table;

pub use column::Column;
pub use lists::Lists;
pub(crate) use table::Part;
pub use table::Table;
