//! Where things are below the node's directory. Nothing else makes up a path.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// The node's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout(PathBuf);

impl Layout {
    pub(crate) fn new(directory: &Path) -> Layout {
        Layout(directory.to_owned())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// Held by the one `kprov node up` that works here.
    pub(crate) fn lock(&self) -> PathBuf {
        self.at("lock")
    }

    /// Takes the lock; it is held until the file is closed, however the process ends.
    pub(crate) fn take_lock(&self) -> Result<File, Problem> {
        let path = self.lock();
        let failed = |error| Problem::file("The node's directory cannot be locked", &path, &error);
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let detail =
                    format!("{} is in use. \"kprov node status\" tells by whom.", self.0.display());
                Err(Problem::new("A node runs here", detail))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Does a node run here?
    pub(crate) fn is_locked(&self) -> bool {
        File::open(self.lock()).is_ok_and(|lock| lock.try_lock().is_err())
    }

    /// What `kprov node status` reads when nobody answers.
    pub(crate) fn status(&self) -> PathBuf {
        self.at("status.json")
    }

    /// Leads to the tree in use; switched by rename.
    pub(crate) fn tree(&self) -> PathBuf {
        self.at("tree")
    }

    /// A file of the tree in use.
    pub(crate) fn in_tree(&self, path: &str) -> PathBuf {
        self.tree().join(path)
    }

    /// Trees by their generation.
    pub(crate) fn trees(&self) -> PathBuf {
        self.at("trees")
    }

    pub(crate) fn certificates(&self) -> PathBuf {
        self.at("certificates")
    }

    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        self.certificates().join(format!("{name}.pem"))
    }

    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.certificates().join(format!("{name}-key.pem"))
    }

    /// Configuration that is made from the document.
    pub(crate) fn config(&self, name: &str) -> PathBuf {
        self.at("config").join(name)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.at("logs")
    }

    pub(crate) fn log(&self, component: &str) -> PathBuf {
        self.logs().join(format!("{component}.log"))
    }

    /// Who runs, for who comes after a SIGKILL.
    pub(crate) fn pid_file(&self, component: &str) -> PathBuf {
        self.run().join(format!("{component}.pid"))
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.at("run")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.at("cache")
    }

    pub(crate) fn etcd_data(&self) -> PathBuf {
        self.at("etcd")
    }

    /// The data themselves: the directory around them may be a disk of its own.
    pub(crate) fn etcd_member(&self) -> PathBuf {
        self.etcd_data().join("member")
    }

    /// Which member of which cluster the data are.
    pub(crate) fn etcd_record(&self) -> PathBuf {
        self.at("etcd-member.json")
    }

    /// That a rotation has taken this machine out of the cluster.
    pub(crate) fn retired(&self) -> PathBuf {
        self.at("retired.json")
    }

    /// What was asked of this machine, and what came of it.
    pub(crate) fn asked(&self) -> PathBuf {
        self.at("asked.json")
    }

    /// Of the newest snapshot that this machine took.
    pub(crate) fn newest_snapshot(&self) -> PathBuf {
        self.at("newest-snapshot.json")
    }

    /// Data of etcd that belong to no member any more.
    pub(crate) fn aside(&self) -> PathBuf {
        self.at("aside")
    }

    /// Snapshots before changes of the membership where the document has no place for snapshots, and those under way to it.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.at("snapshots")
    }
}
