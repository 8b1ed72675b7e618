//! What decision servers are measured with: a workload, bare servers as yardsticks, a load generator, and what compares them.
//!
//! A server is a process of its own that answers OpenID AuthZEN over HTTP/1.1, and `crates/portcullis-server/proto` over gRPC where it can. `run`
//! builds and starts everything and writes a record; the programs in `bin` are its parts, each of use alone. Nothing here decides anything
//! but the workload, which asks the library and a naive reading of the rules and refuses to be written where the two differ.

pub mod bare;
pub mod compare;
pub mod load;
pub mod workload;

/// Why something could not be done. It is shown and the program ends.
pub use portcullis_benches::Trouble;
