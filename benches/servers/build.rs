//! Compiles the proto of decisions, and tells the program which compiler built it, for its record.

use std::process::Command;

/// Where the server keeps it: what is measured is what the server speaks.
const PROTOS: &str = "../../crates/portcullis-server/proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = format!("{PROTOS}/portcullis/v1/decisions.proto");
    let described = protox::compile([&file], [PROTOS])?;
    tonic_prost_build::configure().build_client(false).compile_fds(described)?;
    println!("cargo:rerun-if-changed={PROTOS}");

    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output();
    let version = version.ok().and_then(|told| String::from_utf8(told.stdout).ok());
    println!("cargo:rustc-env=SERVERS_RUSTC={}", version.as_deref().map_or("an unknown compiler", str::trim));
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
