//! Artifacts over HTTP: mirrors that are down, cut connections, wrong bytes; and what is there is not fetched again.

use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::*;
use crate::document::Artifact;
use crate::testing::{Asked, Reply, Server};

fn bytes() -> Vec<u8> {
    (0..20_000_u32).map(|at| (at % 253) as u8).collect()
}

fn artifact(urls: &[String]) -> Artifact {
    let sha256 = fetch::hex(&Sha256::digest(bytes()));
    Artifact { name: "etcd".into(), sha256, urls: urls.to_vec() }
}

async fn get(artifact: &Artifact, cache: &Path) -> Result<PathBuf, Problem> {
    let binaries = Binaries::Artifacts(vec![artifact.clone()]);
    Ok(at_hand(&binaries, &["etcd"], cache).await?.path("etcd"))
}

/// It is had from there, and whole.
async fn comes(urls: &[String]) {
    let cache = tempfile::tempdir().unwrap();
    let path = get(&artifact(urls), cache.path()).await.unwrap();
    assert!(std::fs::read(path).unwrap() == bytes());
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "nothing else stays");
}

/// It is not had from there, and nothing stays.
async fn fails(urls: &[String]) -> String {
    let cache = tempfile::tempdir().unwrap();
    let said = get(&artifact(urls), cache.path()).await.expect_err("it cannot be had").to_string();
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0, "{said}");
    for url in urls {
        assert!(said.contains(url), "{url} in {said}");
    }
    said
}

fn length(bytes: &[u8]) -> (&'static str, String) {
    ("content-length", bytes.len().to_string())
}

/// All of it from the byte that is asked for, but the connection is cut after so many bytes, the first `cuts` times.
async fn cutting(cuts: usize, after: usize, ranges: bool) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |asked: &Asked| {
        let range = asked.range.as_deref().filter(|_| ranges);
        let from: usize = range
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
            .unwrap_or(0);
        let rest = bytes()[from..].to_vec();
        let mut headers = vec![length(&rest), ("etag", "\"one\"".to_owned())];
        let status = if from > 0 { 206 } else { 200 };
        if from > 0 {
            headers.push(("content-range", format!("bytes {from}-19999/20000")));
        }
        let cut = count.fetch_add(1, Ordering::SeqCst) < cuts;
        let body = if cut { rest[..after.min(rest.len())].to_vec() } else { rest };
        Reply { status, headers, body, cut }
    })
    .await
}

#[tokio::test]
async fn a_mirror_that_is_down_or_has_it_not_is_followed_by_the_next() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let empty = Server::start(|_| Reply::status(404)).await;
    let broken = Server::start(|_| Reply::status(503)).await;
    let good = Server::start(|_| Reply::ok(bytes())).await;
    let urls = [
        format!("http://{closed}/etcd"),
        empty.url("/etcd"),
        broken.url("/etcd"),
        good.url("/etcd"),
    ];
    comes(&urls).await;
    let said = fails(&urls[..3]).await;
    for words in ["no connection", "404", "503"] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[tokio::test]
async fn the_second_start_downloads_nothing() {
    let server = Server::start(|_| Reply::ok(bytes())).await;
    let cache = tempfile::tempdir().unwrap();
    let wanted = artifact(&[server.url("/etcd")]);
    let first = get(&wanted, cache.path()).await.unwrap();
    let again = get(&wanted, cache.path()).await.unwrap();
    assert_eq!((first, server.asked().len()), (again, 1));
}

#[tokio::test]
async fn a_download_that_is_cut_goes_on_where_it_was_cut() {
    let server = cutting(2, 7000, true).await;
    comes(&[server.url("/etcd")]).await;
    let ranges: Vec<_> = server.asked().into_iter().map(|asked| asked.range).collect();
    assert_eq!(ranges, [None, Some("bytes=7000-".to_owned()), Some("bytes=14000-".to_owned())]);
    assert_eq!(server.asked()[1].if_range.as_deref(), Some("\"one\""));
}

#[tokio::test]
async fn a_server_that_cannot_go_on_is_asked_for_all_of_it() {
    let server = cutting(2, 7000, false).await;
    comes(&[server.url("/etcd")]).await;
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn one_that_is_cut_for_ever_is_told_and_the_next_mirror_taken() {
    let (bad, good) = (cutting(1000, 100, true).await, cutting(0, 0, true).await);
    let said = fails(&[bad.url("/etcd")]).await;
    assert!(said.contains("broke off after"), "{said}");
    assert!(bad.asked().len() < 20, "not for ever");
    comes(&[bad.url("/etcd"), good.url("/etcd")]).await;
    let dead = cutting(1000, 0, true).await;
    fails(&[dead.url("/etcd")]).await;
    assert_eq!(dead.asked().len(), 1, "nothing came: it is not asked again");
}

#[tokio::test]
async fn other_bytes_after_a_cut_are_found_by_their_sum_and_fetched_anew() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_: &Asked| {
        let (status, mut headers, body) = match count.fetch_add(1, Ordering::SeqCst) {
            // Another file stood there then; it is replaced under way, and the server does not look at If-Range.
            0 => (200, vec![("content-length", "20000".to_owned())], vec![9; 5000]),
            1 => (206, vec![("content-range", "bytes 5000-".to_owned())], bytes()[5000..].to_vec()),
            _ => (200, Vec::new(), bytes()),
        };
        let cut = body.len() == 5000;
        headers.push(("content-type", "application/octet-stream".to_owned()));
        Reply { status, headers, body, cut }
    })
    .await;
    comes(&[server.url("/etcd")]).await;
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_download_that_ends_early_without_saying_so_has_another_sum() {
    let server = Server::start(|_| Reply::ok(&bytes()[..5000])).await;
    let said = fails(&[server.url("/etcd")]).await;
    let expected = fetch::hex(&Sha256::digest(bytes()));
    assert!(said.contains("its 5000 bytes") && said.contains(&expected), "{said}");
}

#[tokio::test]
async fn redirects_are_followed_and_not_for_ever() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/latest" => {
            let headers = vec![("location", "/3.6/etcd".to_owned())];
            Reply { status: 302, headers, ..Reply::default() }
        }
        "/loop" => {
            let headers = vec![("location", "/loop".to_owned())];
            Reply { status: 302, headers, ..Reply::default() }
        }
        _ => Reply::ok(bytes()),
    })
    .await;
    comes(&[server.url("/latest")]).await;
    let said = fails(&[server.url("/loop")]).await;
    assert!(said.contains("redirects too often"), "{said}");
}
