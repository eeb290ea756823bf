//! One artifact: from the cache if its bytes are right, else from the first URL that gives the right ones. A download that
//! breaks off goes on where it broke off, if the server can do that.

use std::io::{Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::{CONTENT_RANGE, ETAG, IF_RANGE, LOCATION, RANGE};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};

use crate::document::Artifact;
use crate::https::Client;
use crate::problem::Problem;

/// So long nothing may come.
const SILENCE: Duration = Duration::from_secs(30);
const REDIRECTS: usize = 5;
/// So often a download that broke off goes on.
const RESUMES: usize = 10;

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
        format!(
            "{}. Nothing of it was kept. Check the URLs and the checksum in the document.",
            why.join("; ")
        ),
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
    match url.strip_prefix("file://") {
        Some(local) => copy(Path::new(local), &mut target)?,
        None => {
            let resumed = download(url, &mut target, RESUMES).await?;
            // The server may have had other bytes by then: once more from the beginning, and in one piece.
            if resumed && target.digest() != artifact.sha256 {
                target.restart()?;
                download(url, &mut target, 0).await?;
            }
        }
    }
    let got = target.digest();
    if got != artifact.sha256 {
        return Err(format!(
            "its {} bytes have the SHA-256 {got}, expected was {}",
            target.size, artifact.sha256
        ));
    }
    target.keep(path)
}

struct Target {
    file: std::fs::File,
    part: PathBuf,
    hash: Sha256,
    size: u64,
}

impl Target {
    /// The node's lock is held: nobody else writes here, and what an earlier run left is overwritten.
    fn new(cache: &Path, name: &str) -> Result<Target, String> {
        let part = cache.join(format!(".{name}.part"));
        let file =
            std::fs::File::create(&part).map_err(|error| format!("{}: {error}", part.display()))?;
        Ok(Target { file, part, hash: Sha256::new(), size: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| format!("{}: {error}", self.part.display()))
    }

    /// As if nothing had come.
    fn restart(&mut self) -> Result<(), String> {
        (self.hash, self.size) = (Sha256::new(), 0);
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .map_err(|error| format!("{}: {error}", self.part.display()))
    }

    fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
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

fn copy(local: &Path, target: &mut Target) -> Result<(), String> {
    let mut file = std::fs::File::open(local).map_err(|error| error.to_string())?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(|error| error.to_string())? {
            0 => return Ok(()),
            count => target.write(&buffer[..count])?,
        }
    }
}

/// How a download ended before its time.
enum Ended {
    /// It broke off: what came is good as far as it goes.
    Early(String),
    /// There is no sense in going on: it is wrong, or nothing came at all.
    Wrong(String),
}

/// Downloads into the target; gives whether it broke off in between.
async fn download(url: &str, target: &mut Target, resumes: usize) -> Result<bool, String> {
    let client = Client::public().map_err(|error| error.to_string())?;
    let mut version = None;
    for number in 0..=resumes {
        match piece(&client, url, target, &mut version).await {
            Ok(()) => return Ok(number > 0),
            Err(Ended::Early(why)) if number == resumes => return Err(why),
            Err(Ended::Early(_)) => {}
            Err(Ended::Wrong(why)) => return Err(why),
        }
    }
    Err("it breaks off again and again".to_owned())
}

/// From where the target ends to the end, or until it breaks off. `version` is what the server called it the first time.
async fn piece(
    client: &Client,
    url: &str,
    target: &mut Target,
    version: &mut Option<String>,
) -> Result<(), Ended> {
    let from = target.size;
    let mut answer = follow(client, url, from, version.as_deref()).await.map_err(Ended::Wrong)?;
    match answer.status() {
        StatusCode::OK => {
            target.restart().map_err(Ended::Wrong)?;
            let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
            // Bytes of a weak one may differ.
            *version = tag.filter(|tag| tag.starts_with('"')).map(str::to_owned);
        }
        StatusCode::PARTIAL_CONTENT if begins_at(&answer, from) => {}
        status => return Err(Ended::Wrong(format!("the answer is {status}"))),
    }
    let mut came = false;
    let ended = |came: bool, why: String| if came { Ended::Early(why) } else { Ended::Wrong(why) };
    loop {
        let frame = tokio::time::timeout(SILENCE, answer.body_mut().frame())
            .await
            .map_err(|_| ended(came, "nothing came for 30 s".to_owned()))?;
        let Some(frame) = frame else { return Ok(()) };
        let frame = frame.map_err(|error| {
            let why = crate::problem::chain(&error);
            ended(came, format!("it broke off after {} bytes: {why}", target.size))
        })?;
        if let Ok(bytes) = frame.into_data() {
            came |= !bytes.is_empty();
            target.write(&bytes).map_err(Ended::Wrong)?;
        }
    }
}

fn begins_at(answer: &Response<Incoming>, from: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| from > 0 && range.starts_with(&format!("bytes {from}-")))
}

async fn follow(
    client: &Client,
    url: &str,
    from: u64,
    version: Option<&str>,
) -> Result<Response<Incoming>, String> {
    let mut uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    for _ in 0..=REDIRECTS {
        let mut request = Request::get(&uri);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
            if let Some(version) = version {
                request = request.header(IF_RANGE, version);
            }
        }
        let request = request.body(Vec::new()).map_err(|error| error.to_string())?;
        let answer = tokio::time::timeout(SILENCE, client.open(request)).await;
        let answer = answer
            .map_err(|_| "no answer for 30 s".to_owned())?
            .map_err(|error| error.to_string())?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        let next = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        match next.map(|to| resolve(&uri, to)) {
            Some(next) => uri = next.ok_or("it redirects to no URL")?,
            None => return Ok(answer),
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
