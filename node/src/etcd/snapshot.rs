//! A snapshot as it streams out of the gateway. Its last 32 bytes are the SHA-256 of all before, which is checked: a stream
//! that broke off is no snapshot.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Etcd, EtcdError};

const SILENCE: Duration = Duration::from_secs(30);
const SUM: usize = 32;

impl Etcd {
    /// Writes a snapshot of this member's data to `path`, which appears only when it is whole; gives its size.
    pub(crate) async fn snapshot(&self, path: &Path) -> Result<u64, EtcdError> {
        let part = path.with_extension("part");
        let written = self.stream(&part).await.and_then(|()| {
            let size = verify(&part).map_err(EtcdError::Strange)?;
            std::fs::rename(&part, path).map_err(|error| EtcdError::Strange(error.to_string()))?;
            Ok(size)
        });
        if written.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        written
    }

    async fn stream(&self, path: &Path) -> Result<(), EtcdError> {
        let request = self.request("maintenance/snapshot", &json!({}))?;
        let late = |_| EtcdError::Strange("the snapshot does not come".to_owned());
        let answer =
            tokio::time::timeout(SILENCE, self.client.open(request)).await.map_err(late)??;
        let status = answer.status();
        if !status.is_success() {
            return Err(EtcdError::Refused(format!("no snapshot: {status}")));
        }
        let disk =
            |error: std::io::Error| EtcdError::Strange(format!("{}: {error}", path.display()));
        let mut file = std::fs::File::create(path).map_err(disk)?;
        let mut body = answer.into_body();
        let mut pending: Vec<u8> = Vec::new();
        while let Some(frame) = tokio::time::timeout(SILENCE, body.frame()).await.map_err(late)? {
            let frame = frame
                .map_err(|error| EtcdError::Strange(format!("the snapshot broke off: {error}")))?;
            pending.extend_from_slice(&frame.into_data().unwrap_or_default());
            // One JSON object per line.
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                file.write_all(&blob(&line)?).map_err(disk)?;
            }
        }
        file.write_all(&blob(&pending)?).and_then(|()| file.sync_all()).map_err(disk)
    }
}

fn blob(line: &[u8]) -> Result<Vec<u8>, EtcdError> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let json: Json =
        serde_json::from_slice(line).map_err(|error| EtcdError::Strange(error.to_string()))?;
    if let Some(why) = json["error"]["message"].as_str() {
        return Err(EtcdError::Refused(why.to_owned()));
    }
    let text = json["result"]["blob"].as_str().unwrap_or_default();
    STANDARD.decode(text).map_err(|error| EtcdError::Strange(error.to_string()))
}

/// Is this a whole snapshot? Gives its size, or says why not.
pub(crate) fn verify(path: &Path) -> Result<u64, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    // etcd's pages are of 512 bytes at least, and the sum stands behind them.
    if size <= SUM as u64 || size % 512 != SUM as u64 {
        return Err(format!(
            "{} is no snapshot of etcd: {size} bytes have no checksum at their end",
            path.display()
        ));
    }
    let mut hash = Sha256::new();
    std::io::copy(&mut (&mut file).take(size - SUM as u64), &mut hash).map_err(failed)?;
    let mut sum = [0; SUM];
    file.read_exact(&mut sum).map_err(failed)?;
    if hash.finalize().as_slice() != sum {
        return Err(format!(
            "{} is damaged: its checksum does not fit its content",
            path.display()
        ));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_snapshot_is_told_from_a_damaged_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let mut bytes = vec![7_u8; 1024];
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(verify(&path), Ok(1056));
        bytes[5] = 8;
        std::fs::write(&path, &bytes).unwrap();
        assert!(verify(&path).unwrap_err().contains("damaged"));
        std::fs::write(&path, &bytes[..1000]).unwrap();
        assert!(verify(&path).unwrap_err().contains("no snapshot"));
        std::fs::write(&path, b"").unwrap();
        assert!(verify(&path).unwrap_err().contains("no snapshot"));
    }
}
