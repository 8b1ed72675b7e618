//! A bare server with the system's allocator; everything else stands in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    portcullis_servers::bare::main()
}
