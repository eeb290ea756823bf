//! One artifact: from the cache if its bytes are right, else from the first URL that gives the right ones.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{Request, StatusCode, Uri};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use crate::document::Artifact;
use crate::https::Client;
use crate::problem::Problem;

/// So long nothing may come.
const SILENCE: Duration = Duration::from_secs(30);
const REDIRECTS: usize = 5;

pub(super) async fn artifact(artifact: &Artifact, cache: &Path) -> Result<PathBuf, Problem> {
    let path = cache.join(format!(
        "{}-{}",
        artifact.name,
        &artifact.sha256[..16.min(artifact.sha256.len())]
    ));
    if digest_of(&path).is_some_and(|digest| digest == artifact.sha256) {
        return Ok(path);
    }
    let mut why = Vec::new();
    for url in &artifact.urls {
        match from(url, artifact, cache, &path).await {
            Ok(()) => return Ok(path),
            Err(error) => why.push(format!("{url}: {error}")),
        }
    }
    Err(Problem::new(
        format!("The artifact {} cannot be had", artifact.name),
        format!("{}. Check the URLs and the checksum in the document.", why.join("; ")),
    ))
}

fn digest_of(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(hex(&hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Into a file that is not executable yet; it becomes the artifact by a rename, once its bytes are right.
async fn from(url: &str, artifact: &Artifact, cache: &Path, path: &Path) -> Result<(), String> {
    let mut target = Target::new(cache, &artifact.name)?;
    let got = match url.strip_prefix("file://") {
        Some(local) => copy(Path::new(local), &mut target)?,
        None => download(url, &mut target).await?,
    };
    if got != artifact.sha256 {
        return Err(format!("its SHA-256 is {got}, expected was {}", artifact.sha256));
    }
    target.keep(path)
}

struct Target {
    file: std::fs::File,
    part: PathBuf,
    hash: Sha256,
}

impl Target {
    fn new(cache: &Path, name: &str) -> Result<Target, String> {
        let part = cache.join(format!(".{name}.{}.part", std::process::id()));
        let file =
            std::fs::File::create(&part).map_err(|error| format!("{}: {error}", part.display()))?;
        Ok(Target { file, part, hash: Sha256::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.hash.update(bytes);
        self.file.write_all(bytes).map_err(|error| format!("{}: {error}", self.part.display()))
    }

    fn keep(&self, path: &Path) -> Result<(), String> {
        let done = self
            .file
            .sync_all()
            .and_then(|()| self.file.set_permissions(std::fs::Permissions::from_mode(0o755)))
            .and_then(|()| std::fs::rename(&self.part, path));
        done.map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Gone already where it was kept.
        let _ = std::fs::remove_file(&self.part);
    }
}

fn copy(local: &Path, target: &mut Target) -> Result<String, String> {
    let mut file = std::fs::File::open(local).map_err(|error| error.to_string())?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(|error| error.to_string())? {
            0 => return Ok(hex(&target.hash.clone().finalize())),
            count => target.write(&buffer[..count])?,
        }
    }
}

async fn download(url: &str, target: &mut Target) -> Result<String, String> {
    let client = Client::public().map_err(|error| error.to_string())?;
    let mut body = follow(&client, url).await?;
    loop {
        let frame = tokio::time::timeout(SILENCE, body.frame())
            .await
            .map_err(|_| "nothing came for 30 s".to_owned())?;
        let Some(frame) = frame else { return Ok(hex(&target.hash.clone().finalize())) };
        if let Ok(bytes) = frame.map_err(|error| format!("it broke off: {error}"))?.into_data() {
            target.write(&bytes)?;
        }
    }
}

async fn follow(client: &Client, url: &str) -> Result<hyper::body::Incoming, String> {
    let mut uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    for _ in 0..=REDIRECTS {
        let request = Request::get(&uri).body(Vec::new()).map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(SILENCE, client.open(request)).await;
        let answer = answer
            .map_err(|_| "no answer for 30 s".to_owned())?
            .map_err(|error| error.to_string())?;
        if answer.status() == StatusCode::OK {
            return Ok(answer.into_body());
        }
        let next = answer.headers().get(http::header::LOCATION).and_then(|to| to.to_str().ok());
        match next.filter(|_| answer.status().is_redirection()).map(|to| resolve(&uri, to)) {
            Some(next) => uri = next.ok_or("it redirects to no URL")?,
            None => return Err(format!("the answer is {}", answer.status())),
        }
    }
    Err("it redirects too often".to_owned())
}

fn resolve(base: &Uri, to: &str) -> Option<Uri> {
    if to.starts_with('/') {
        return format!("{}://{}{to}", base.scheme_str()?, base.authority()?).parse().ok();
    }
    to.parse().ok().filter(|uri: &Uri| uri.scheme().is_some())
}
