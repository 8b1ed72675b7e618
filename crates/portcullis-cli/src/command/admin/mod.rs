//! The administrator's commands: a data folder made, looked at and changed, on the machine that it is on.
//!
//! Each is one file. They all act as somebody ([`acting`]) on a folder ([`folder`]), take one road for changes ([`change`]) and tell in one way
//! why something was refused ([`refused`]). While a server has the folder they run inside it ([`socket`]), and so they read and write through one
//! door ([`around`]) alone. What may be done is for the service to say: nothing here decides it. A secret is read from the
//! environment or from a file, never from an argument, which would be in the list of processes and in the history of the shell.

pub(crate) mod acting;
#[cfg_attr(not(unix), allow(dead_code, reason = "without a local socket nothing comes from elsewhere"))]
pub(crate) mod around;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod batch;
pub(crate) mod change;
pub(crate) mod folder;
pub(crate) mod given;
pub(crate) mod group;
pub(crate) mod init;
pub(crate) mod invite;
pub(crate) mod key;
pub(crate) mod member;
pub(crate) mod object;
pub(crate) mod offline;
pub(crate) mod refused;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod rule;
pub(crate) mod socket;
pub(crate) mod table_of_members;
pub(crate) mod workspace;
