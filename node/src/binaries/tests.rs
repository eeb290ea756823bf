//! Artifacts over file: URLs and from directories; what is wrong with one is told, and nothing of it stays.

use std::os::unix::fs::PermissionsExt;

use sha2::{Digest, Sha256};

use super::*;
use crate::document::Artifact;

fn artifact(bytes: &[u8], urls: Vec<String>) -> Artifact {
    Artifact { name: "etcd".into(), sha256: fetch::hex(&Sha256::digest(bytes)), urls }
}

async fn get(artifact: &Artifact, cache: &Path) -> Result<PathBuf, Problem> {
    let binaries = Binaries::Artifacts(vec![artifact.clone()]);
    Ok(at_hand(&binaries, &["etcd"], cache).await?.path("etcd"))
}

#[tokio::test]
async fn mirrors_are_tried_in_order_and_the_cache_is_checked_every_time() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    std::fs::write(&source, b"program").unwrap();
    let urls = vec!["file:///nowhere/etcd".to_owned(), format!("file://{}", source.display())];
    let wanted = artifact(b"program", urls);
    let cache = dir.path().join("cache");
    let path = get(&wanted, &cache).await.expect("the second URL has it");
    assert_eq!(std::fs::read(&path).unwrap(), b"program");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    // A cache that was tampered with is not believed.
    std::fs::write(&path, b"evil").unwrap();
    get(&wanted, &cache).await.expect("it is fetched again");
    assert_eq!(std::fs::read(&path).unwrap(), b"program");
    // A good one needs no URL.
    std::fs::remove_file(&source).unwrap();
    get(&wanted, &cache).await.expect("the cache has it");
}

#[tokio::test]
async fn wrong_bytes_are_named_with_both_sums_and_nothing_stays() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    std::fs::write(&source, b"other").unwrap();
    let wanted = artifact(b"program", vec![format!("file://{}", source.display())]);
    let cache = dir.path().join("cache");
    let said = get(&wanted, &cache).await.expect_err("the bytes are wrong").to_string();
    let got = fetch::hex(&Sha256::digest(b"other"));
    for word in ["etcd", &wanted.sha256, &got, &wanted.urls[0]] {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
}

#[tokio::test]
async fn a_missing_program_of_a_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let binaries = Binaries::Directory(dir.path().to_owned());
    let said =
        at_hand(&binaries, &["etcd"], dir.path()).await.expect_err("it is empty").to_string();
    assert!(said.contains(&dir.path().join("etcd").display().to_string()), "{said}");
}

#[tokio::test]
async fn a_program_that_is_not_among_the_artifacts_is_named_before_anything_is_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = artifact(b"program", vec!["file:///nowhere/etcd".to_owned()]);
    let binaries = Binaries::Artifacts(vec![wanted]);
    let asked = at_hand(&binaries, &["etcd", "etcdutl"], dir.path()).await;
    let said = asked.expect_err("it is missing").to_string();
    assert!(said.contains("etcdutl is not among"), "{said}");
}
