//! The `portcullis` command. All that it does is in the library beside it, where tests and fuzz targets reach it too.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portcullis_cli::run()
}
