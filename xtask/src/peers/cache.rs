//! Where peers lie: outside the clone, keyed by what they are made of, so that they are made once.
//!
//! What must hold: a place is there whole or not at all, however many runs make it and however they end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The place for what is made of `ingredients`; `make` is called with a directory beside it where it is not there yet.
/// `proof` is a file that every finished place has.
pub(super) fn made(
    ingredients: &[u8],
    proof: &str,
    what: &str,
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let home = cache()?.join(format!("{:016x}", fnv1a(ingredients)));
    if home.join(proof).exists() {
        return Ok(home);
    }
    eprintln!("peers: making {} from {what}", home.display());
    if let Some(parent) = home.parent() {
        fs::create_dir_all(parent)
            .map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
    }
    // Made beside its place and renamed, so that an interrupted run leaves nothing half made.
    let making = home.with_extension(format!("making-{}", std::process::id()));
    let placed = make(&making).and_then(|()| place(&making, &home, proof));
    if placed.is_err() {
        // What is left over is only in the way of the disk: its name is never looked up.
        let _ = fs::remove_dir_all(&making);
    }
    placed.map(|()| home)
}

/// Moves what is finished to its place; one that another run has put there is as good.
fn place(making: &Path, home: &Path, proof: &str) -> Result<(), String> {
    match fs::rename(making, home) {
        Ok(()) => Ok(()),
        Err(_) if home.join(proof).exists() => {
            fs::remove_dir_all(making).map_err(|error| error.to_string())
        }
        Err(error) => {
            Err(format!("cannot move {} to {}: {error}", making.display(), home.display()))
        }
    }
}

/// Runs a command whose output matters only when it fails.
pub(super) fn quietly(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot run {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} ended with {}: {}", output.status, told.trim()))
}

/// Where all of them lie: KPROV_PEERS_CACHE, else `kprov/peers` in the user's cache.
fn cache() -> Result<PathBuf, String> {
    let named = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    named("KPROV_PEERS_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("kprov/peers")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/kprov/peers")))
        .ok_or_else(|| "none of KPROV_PEERS_CACHE, XDG_CACHE_HOME and HOME is set".to_owned())
}

/// FNV-1a: the same key in every version of the compiler.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn keys_are_those_of_fnv1a() {
        // From the reference implementation's test vectors.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
