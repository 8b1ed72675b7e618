//! Compares decision servers; `run` builds what it needs and calls it. Everything stands in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    portcullis_servers::compare::main()
}
