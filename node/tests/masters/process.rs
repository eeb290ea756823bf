//! A node as a process of its own: this test program again, in the role that `KPROV_TEST_NODE` gives it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "KPROV_TEST_NODE";
const BOOK: &str = "KPROV_TEST_BOOK";
/// Where instance metadata are asked for.
pub(crate) const METADATA: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
/// The snapshot that is restored instead of being a node.
pub(crate) const RESTORE: &str = "KPROV_TEST_RESTORE";

/// In the child: runs the node of the document until SIGTERM, or restores a snapshot on its machine. In the test itself: nothing.
pub(crate) fn be_a_node() {
    let Ok(path) = std::env::var(ROLE) else { return };
    let text = std::fs::read_to_string(&path).expect("the document is there");
    let document = kprov_node::document::Document::parse(&text).expect("the document is right");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let done = runtime.block_on(async {
        let (tell, stop) = tokio::sync::watch::channel(false);
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .expect("a handler");
        tokio::spawn(async move {
            terminate.recv().await;
            let _ = tell.send(true);
            std::future::pending::<()>().await;
        });
        let say = |line: &str| eprintln!("{line}");
        let options = kprov_node::Options {
            directory: None,
            addresses: std::env::var(BOOK).ok(),
            binaries: None,
            say,
        };
        match std::env::var(RESTORE) {
            Ok(from) => kprov_node::restore(document, options, &from).await.map(|said| say(&said)),
            Err(_) => kprov_node::up(document, options, stop).await,
        }
    });
    if let Err(problem) = done {
        eprintln!("{problem}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

/// A running node.
pub(crate) struct Node {
    child: Child,
    pub(crate) directory: PathBuf,
}

impl Node {
    pub(crate) fn start(
        document: &Path,
        directory: &Path,
        book: &str,
        variables: &[(String, String)],
    ) -> Node {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(directory.with_extension("out"))
            .expect("a log");
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "a_node_of_another_test", "--nocapture"])
            .env(ROLE, document)
            .env(BOOK, book)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("this program starts again");
        Node { child, directory: directory.to_owned() }
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"))
            .expect("a pid");
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// It is to end, if it runs; nobody waits for it here.
    pub(crate) fn is_to_end(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(rustix::process::Signal::TERM);
        }
    }

    /// Waits for its end; gives its status.
    pub(crate) fn wait(&mut self, patience: Duration) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.code().unwrap_or(-1);
            }
            assert!(begun.elapsed() < patience, "the node does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// SIGTERM, and its status.
    pub(crate) fn stop(&mut self) -> i32 {
        self.signal(rustix::process::Signal::TERM);
        self.wait(Duration::from_secs(120))
    }

    pub(crate) fn component_pid(&self, name: &str) -> Option<u32> {
        let text = std::fs::read_to_string(self.directory.join(format!("run/{name}.pid"))).ok()?;
        text.split(' ').next()?.parse().ok()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(rustix::process::Signal::TERM);
            let begun = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) {
                if begun.elapsed() > Duration::from_secs(60) {
                    let _ = self.child.kill();
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// Ends a component hard.
pub(crate) fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
}
