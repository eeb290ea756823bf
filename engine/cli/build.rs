//! Writes the table of the modules that are part of the program: every directory below `modules/`
//! that holds `.tf` files is one, named by its path, `aws/vpc`. `src/modules.rs` includes the table.
//! Also says how the program is linked: see [`link`].

// How a build script tells cargo what it depends on.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a source file of a module ends in.
const EXTENSION: &str = "tf";

fn main() -> io::Result<()> {
    let needed = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .ok_or_else(|| io::Error::other(format!("cargo did not set {name}")))
    };
    let root = needed("CARGO_MANIFEST_DIR")?.join("../../modules").canonicalize()?;
    // Cargo looks at everything below, so a new file or directory is noticed.
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("&[\n");
    add(&root, "", &mut table)?;
    table.push_str("]\n");
    link();
    fs::write(needed("OUT_DIR")?.join("modules.rs"), table)
}

/// At a fixed place on Linux. The SDKs' tables hold 150,000 addresses, and a program that can be
/// loaded anywhere has them all corrected before `main`: 592 of the 794 page faults of a plan of one
/// resource, and 5 MB. Stack, heap and libraries still lie at random places; terraform, as Go
/// programs are, is linked so too.
fn link() {
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

/// Adds the module in `dir`, if there is one, and those below.
fn add(dir: &Path, name: &str, table: &mut String) -> io::Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    // The table is the same wherever it is made.
    entries.sort();
    let mut files = String::new();
    let mut below = Vec::new();
    for path in entries {
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        if file.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            let inner = if name.is_empty() { file.to_owned() } else { format!("{name}/{file}") };
            below.push((path, inner));
        } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
            let text = path.display().to_string();
            write!(files, "({file:?}, include_str!({text:?})), ").map_err(io::Error::other)?;
        }
    }
    if !files.is_empty() {
        writeln!(table, "    ({name:?}, &[{}]),", files.trim_end_matches(", "))
            .map_err(io::Error::other)?;
    }
    below.into_iter().try_for_each(|(path, inner)| add(&path, &inner, table))
}
