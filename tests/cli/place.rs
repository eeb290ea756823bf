//! [`Place`]: a project in a directory of its own, and the program run in it with an environment that
//! holds nothing else: an empty home, no variables of whoever runs the tests, one language.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::{Output, Running};

/// Nothing that is waited for takes as long: then it never comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a project in it; gone with the value.
#[derive(Debug)]
pub(crate) struct Place {
    root: TempDir,
}

/// Every file below a directory: what it holds, or where it points to.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Content(pub(crate) BTreeMap<PathBuf, Vec<u8>>);

/// Sizes only: what is compared may be large.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(path, bytes)| (path, bytes.len()))).finish()
    }
}

impl Place {
    /// With this `main.tf`.
    pub(crate) fn new(main: &str) -> Place {
        let place = Place::empty();
        place.write("main.tf", main);
        place
    }

    /// Without any file.
    pub(crate) fn empty() -> Place {
        let root = tempfile::Builder::new().prefix("kprov-cli-").tempdir().expect("a directory");
        for name in ["home", "tmp", "work"] {
            std::fs::create_dir(root.path().join(name)).expect("a directory");
        }
        Place { root }
    }

    /// The directory around all: project, home, temporary files.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The path of a file of the project.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    /// Writes a file, and the directories that it needs.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }

    /// What a file holds.
    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Is there such a file?
    pub(crate) fn has(&self, name: impl AsRef<Path>) -> bool {
        std::fs::symlink_metadata(self.path(name)).is_ok()
    }

    /// Waits until there is such a file.
    pub(crate) fn await_file(&self, name: &str) {
        until(&format!("the file {name}"), || self.has(name));
    }

    /// All files of the project. Of a state what it says, journal included, as taking a lock writes
    /// to its file, and makes one that says nothing; of one that cannot be read its bytes.
    pub(crate) fn content(&self) -> Content {
        let mut content = BTreeMap::new();
        gather(&self.path(""), &mut content);
        content.retain(|path, bytes| {
            let name = path.to_string_lossy();
            if !name.ends_with(".db") {
                return ![".lock", "-shm", "-wal"].iter().any(|end| name.ends_with(end));
            }
            match crate::stored::told(path) {
                Some(told) => *bytes = told.into_bytes(),
                None => return true,
            }
            !bytes.is_empty()
        });
        Content(content)
    }

    /// The program with these arguments, not yet running; `KPROV_TEST_PROGRAM` names another build.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let other = std::env::var_os("KPROV_TEST_PROGRAM");
        let program = other.unwrap_or_else(|| env!("CARGO_BIN_EXE_kprov").into());
        let mut command = Command::new(program);
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    /// Gives a program the place's environment and nothing else.
    pub(crate) fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        command
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.root.path().join("home"))
            .env("TMPDIR", self.root.path().join("tmp"))
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("USER", "tester")
            .stdin(Stdio::null());
    }

    /// Runs the program to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        self.start(arguments).finish()
    }

    /// The same; the arguments are the words of a line.
    pub(crate) fn kprov(&self, line: &str) -> Output {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Starts the program.
    pub(crate) fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        Running::start(self.command(arguments))
    }

    /// Applies, and wants success.
    pub(crate) fn applied(&self) {
        self.kprov("apply -auto-approve").succeeds();
    }
}

fn gather(directory: &Path, content: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        let path = entry.path();
        if kind.is_dir() {
            gather(&path, content);
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            content.insert(path, target.into_os_string().into_encoded_bytes());
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            content.insert(path, bytes);
        }
    }
}

/// Waits until something holds; fails when it never does.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}: waited for it in vain");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// For how long a program may run.
pub(crate) fn patience() -> Duration {
    PATIENCE
}
