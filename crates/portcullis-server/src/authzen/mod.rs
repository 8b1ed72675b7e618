//! The bodies of OpenID AuthZEN 1.0, read and written, for whatever transport carries them.
//!
//! Bytes go in, and questions come out with names borrowed from the bytes; decisions go in, and bytes come out. Nothing here decides,
//! knows a socket, or waits. What is read is held to one reading: keys that mean nothing are passed over, but a key that stands twice is
//! refused at every level, since readers disagree on which of the two counts; so is what is too deep, and nothing is guessed. A file of
//! requests (`portcullis check --requests`) is read by the same code, with bare strings for parts.
//!
//! `request` reads one question, `evaluations` many, `search` what is searched for; `sent` keeps properties, exactly; `ignored` and
//! `numbers` judge what nobody looks at; `answer` writes, and `page` makes the tokens by which a search goes on.

pub mod answer;
pub mod page;

mod evaluation;
mod evaluations;
mod fault;
mod ignored;
mod numbers;
mod request;
mod search;
mod sent;

pub use evaluation::Evaluation;
pub use evaluations::{Evaluations, Semantic};
pub use fault::Fault;
pub use search::{Page, Search, Wanted};

/// What subject, action and resource may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// AuthZEN objects, and nothing else: over HTTP.
    ObjectsOnly,
    /// Bare strings too, as in files of requests; and then faults speak of a line.
    StringsToo,
}

/// What is kept of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Names alone: enough where no role has conditions. Properties and context are judged all the same, and dropped.
    Names,
    /// Properties and context too, numbers by their digits.
    Properties,
}
