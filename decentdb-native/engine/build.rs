//! Embeds a digest of the engine's sources, so that a build can check whether a prebuilt library matches them.
//!
//! The digest is the SHA-256, in lower case hex, over these files below the directory of Cargo.toml: `Cargo.toml`,
//! `Cargo.lock`, `build.rs`, `.cargo/config.toml`, and every file below `src`, at any depth. The files are taken in the
//! order of their paths, relative to that directory, with `/` between the parts, compared byte by byte in UTF-8. For
//! each of them the digest takes in: the path, a zero byte, the length of the content in bytes as a decimal number, a
//! zero byte, the content. Before its length is counted, every CR LF in the content is replaced by LF; nothing else is.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets the directory of the manifest");
    let root = Path::new(&root);
    let mut paths = vec![];
    for file in ["Cargo.toml", "Cargo.lock", "build.rs", ".cargo/config.toml"] {
        paths.push(file.to_owned());
        println!("cargo:rerun-if-changed={file}");
    }
    println!("cargo:rerun-if-changed=src");
    collect(root, "src", &mut paths);
    paths.sort_unstable();
    let mut digest = Sha256::new();
    for path in paths {
        let content = fs::read(root.join(&path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
        let content = normalise(&content);
        digest.update(path.as_bytes());
        digest.update([0]);
        digest.update(content.len().to_string().as_bytes());
        digest.update([0]);
        digest.update(&content);
    }
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo:rustc-env=DDB_ENGINE_SOURCE_DIGEST={hex}");
}

fn collect(root: &Path, directory: &str, paths: &mut Vec<String>) {
    let entries = fs::read_dir(root.join(directory)).unwrap_or_else(|error| panic!("cannot list {directory}: {error}"));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("cannot list {directory}: {error}"));
        let name = entry.file_name().into_string().unwrap_or_else(|name| panic!("{name:?} is not valid UTF-8"));
        let path = format!("{directory}/{name}");
        if entry.path().is_dir() {
            collect(root, &path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// Git may check files out with either line end.
fn normalise(content: &[u8]) -> Vec<u8> {
    let mut normal = Vec::with_capacity(content.len());
    for (at, byte) in content.iter().enumerate() {
        if *byte != b'\r' || content.get(at + 1) != Some(&b'\n') {
            normal.push(*byte);
        }
    }
    normal
}
