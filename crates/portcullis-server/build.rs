//! Makes Rust of the proto that gRPC speaks: messages for the server, those and a client for its tests.
//!
//! The proto is compiled by a crate and not by `protoc`, so that a fresh checkout builds with cargo alone. The descriptors are kept for
//! reflection, without the comments, which nobody asks a server for.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("expected cargo to name the folder OUT_DIR")?);
    let files = protox::compile(["portcullis/v1/decisions.proto"], ["proto"])?;
    let mut bare = files.clone();
    bare.file.iter_mut().for_each(|file| file.source_code_info = None);
    fs::write(out.join("descriptors.bin"), bare.encode_to_vec())?;
    let messages = tonic_prost_build::configure().build_server(false).build_client(false);
    messages.compile_fds(files.clone())?;
    let client = out.join("client");
    fs::create_dir_all(&client)?;
    tonic_prost_build::configure().build_server(false).out_dir(client).compile_fds(files)?;
    Ok(())
}
