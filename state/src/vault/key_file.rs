//! [`KeyFile`]: the default: a random key in a file of the user's, made when first needed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kprov_core::Host;
use zeroize::Zeroizing;

use super::cipher::{SecretKey, random_key};
use super::given::parse_key;
use super::source::{KeyDescription, KeyKind, KeySource, fingerprint};

const COMMENT: &str = "\
# kprov seals the secrets of states with this key. Keep a copy in a safe place: without it they
# cannot be read any more. Whoever has both this file and a state can read its secrets.
";

/// See the module.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: Result<PathBuf, String>,
}

impl KeyFile {
    /// In this file.
    pub fn at(path: impl Into<PathBuf>) -> KeyFile {
        KeyFile { path: Ok(path.into()) }
    }

    /// The user's: `KPROV_STATE_KEY_FILE`, or `kprov/state.key` in the directory of configurations.
    pub fn of_user(host: &dyn Host) -> KeyFile {
        let set = |name: &str| host.env(name).filter(|text| !text.is_empty()).map(PathBuf::from);
        let directory = || {
            // The XDG specification has relative paths ignored.
            let config = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
            config.or_else(|| set("HOME").map(|home| home.join(".config")))
        };
        let named = set("KPROV_STATE_KEY_FILE");
        let path = named.or_else(|| directory().map(|path| path.join("kprov").join("state.key")));
        KeyFile {
            path: path.ok_or_else(|| {
                "there is no place for a key file: set HOME, KPROV_STATE_KEY_FILE or another source \
                 of keys"
                    .to_owned()
            }),
        }
    }

    fn path(&self) -> Result<&Path, String> {
        self.path.as_deref().map_err(Clone::clone)
    }

    /// `None`: there is no such file.
    fn read(&self) -> Result<Option<SecretKey>, String> {
        let path = self.path()?;
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
        };
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        match (lines.next().and_then(parse_key), lines.next()) {
            (Some(key), None) => Ok(Some(key)),
            _ => Err(format!("{} is no key file: it holds no key of 32 bytes", path.display())),
        }
    }

    /// Makes the file, whole or not at all; gives the key of whoever was first.
    fn make(&self, host: &dyn Host) -> Result<SecretKey, String> {
        let path = self.path()?;
        let failed = |error: std::io::Error| format!("{} cannot be made: {error}", path.display());
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        make_directory(directory).map_err(failed)?;
        let key = random_key(host);
        let text = Zeroizing::new(format!("{COMMENT}{}\n", STANDARD.encode(key.as_slice())));
        let new = directory.join(format!(".state.key.{}", host.uuid()));
        let made = write_private(&new, text.as_bytes())
            // Unlike a rename, a link does not replace what another process has made meanwhile.
            .and_then(|()| std::fs::hard_link(&new, path))
            .and_then(|()| std::fs::File::open(directory)?.sync_all());
        // Nothing to do about a leftover that cannot be removed: nothing is sealed with it.
        let _ = std::fs::remove_file(&new);
        match made {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                self.read()?.ok_or_else(|| format!("{} comes and goes", path.display()))
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn make_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl KeySource for KeyFile {
    fn kind(&self) -> KeyKind {
        KeyKind::File
    }

    fn place(&self) -> String {
        match &self.path {
            Ok(path) => format!("the file {}", path.display()),
            Err(_) => "the key file".to_owned(),
        }
    }

    fn provide(&self, host: &dyn Host) -> Result<(SecretKey, KeyDescription), String> {
        let key = match self.read()? {
            Some(key) => key,
            None => self.make(host)?,
        };
        let fingerprint = fingerprint(&key);
        Ok((key, KeyDescription::File { fingerprint }))
    }

    fn find(&self, _description: &KeyDescription) -> Result<SecretKey, String> {
        let path = self.path()?;
        self.read()?.ok_or_else(|| {
            let how = "KPROV_STATE_KEY_FILE can name another place";
            format!("there is no file {}; {how}", path.display())
        })
    }
}
