//! How many instructions a check takes, and whether that depends on how much there is.
//!
//! Time depends on the machine and its mood; instructions, counted by callgrind, hardly on either. The binary `count-instructions` runs
//! itself under valgrind once a size, reads what was counted (`profile`), and compares sizes with one another and with the committed
//! baseline (`judge`, `baseline`). One axis is varied at a time (`sizes`), and the questions are of one mixture at every size
//! (`questions`), so that a difference between sizes is the engine's and not the stream's.
//!
//! What is counted is a call, from its first instruction to its last, of a function that is never inlined ([`ask`]), each of ten
//! thousand questions by itself: it is called from a place of its own, by which callgrind tells calls apart. Names are hashed under
//! seeds that are drawn at random, so counts of strings vary a little from run to run; small workspaces, where one unlucky pair of names
//! weighs much, are therefore compiled many times, and the mean is that over all their seeds.

pub mod ask;
pub mod baseline;
pub mod judge;
pub mod profile;
pub mod questions;
pub mod sizes;
