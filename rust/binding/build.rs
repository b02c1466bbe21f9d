//! Hashes the Rust sources, so that results can be traced to the code that computed them.
//!
//! SHA-256 over, for each `.rs` and `.toml` file below `rust/` in the order of their paths: the path relative to `rust/`
//! with forward slashes, a zero byte, the contents, a zero byte.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let binding = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = binding.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let mut names: Vec<(String, &PathBuf)> = files.iter().map(|file| (name(&root, file), file)).collect();
    names.sort();
    let mut hash = Sha256::new();
    for (name, file) in names {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(fs::read(file)?);
        hash.update([0]);
    }
    let mut hex = String::new();
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rustc-env=MOLENSPIN_SOURCE_HASH={hex}");
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

fn name(root: &Path, file: &Path) -> String {
    let parts = file.strip_prefix(root).unwrap_or(file).iter();
    parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
