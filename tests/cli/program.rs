//! [`Running`]: the program at work; [`Output`]: what it said and how it ended. Whatever is run may
//! neither panic nor hang: that is asserted here, for every run of every test.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::place::{patience, until};

/// A program that runs. When it is dropped it is killed.
#[derive(Debug)]
pub(crate) struct Running {
    line: String,
    pid: u32,
    /// Open as long as this is: whoever asks waits for an answer.
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
    ended: Receiver<std::io::Result<ExitStatus>>,
    status: Option<std::io::Result<ExitStatus>>,
}

/// What came out so far.
#[derive(Debug)]
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn of(source: Option<impl Read + Send + 'static>) -> Stream {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = bytes.clone();
        let reader = source.map(|mut source| {
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = source.read(&mut chunk) {
                    let mut all = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    all.extend_from_slice(&chunk[..count]);
                }
            })
        });
        Stream { bytes, reader }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("a reader that does not panic");
        }
        self.text()
    }
}

impl Running {
    /// Starts a command. What it writes is kept.
    pub(crate) fn start(mut command: Command) -> Running {
        command.stdout(Stdio::piped());
        Running::start_as_it_is(command)
    }

    /// The same; its standard output is what the command says.
    pub(crate) fn start_as_it_is(mut command: Command) -> Running {
        let words = std::iter::once(std::ffi::OsStr::new("kprov")).chain(command.get_args());
        let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let child = command.stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{line}: cannot be started: {error}"));
        let pid = child.id();
        let (stdout, stderr) = (Stream::of(child.stdout.take()), Stream::of(child.stderr.take()));
        let stdin = child.stdin.take();
        let (sender, ended) = channel();
        std::thread::spawn(move || sender.send(child.wait()));
        Running { line, pid, stdin, stdout, stderr, ended, status: None }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal: `KILL`, `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.pid);
        // A process that has just ended cannot be reached: nothing is lost.
        let _ = Command::new("/bin/sh").args(["-c", &kill]).stderr(Stdio::null()).status();
    }

    /// Types this.
    pub(crate) fn types(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("a standard input");
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).expect("it reads");
    }

    /// Its standard output so far.
    pub(crate) fn said(&self) -> String {
        self.stdout.text()
    }

    /// Waits until standard output has this text behind the first `from` bytes; gives where it ends.
    pub(crate) fn await_said(&self, from: usize, text: &str) -> usize {
        let mut end = None;
        until(&format!("{text:?} of {}", self.line), || {
            let said = self.said();
            let rest = said.get(from..).unwrap_or_default();
            end = rest.find(text).map(|at| from + at + text.len());
            end.is_some()
        });
        end.expect("it was found")
    }

    /// Waits until standard error has this text.
    pub(crate) fn await_complaint(&mut self, text: &str) {
        until(&format!("{text:?} of {}", self.line), || self.stderr.text().contains(text));
    }

    /// Has it ended, after so long at most?
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        if self.status.is_none() {
            self.status = self.ended.recv_timeout(time).ok();
        }
        self.status.is_some()
    }

    /// Kills it and waits for its end. What it started lives on.
    pub(crate) fn kill(mut self) {
        self.signal("KILL");
        assert!(self.ends_within(patience()), "{}: cannot be killed", self.line);
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Output {
        assert!(self.ends_within(patience()), "{}: does not end", self.line);
        let status = self.status.take().expect("it has ended").expect("a status");
        self.status = Some(Ok(status));
        let output = Output {
            line: self.line.clone(),
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        };
        let panicked = output.stderr.contains("panicked at") || output.code == Some(101);
        let broken = matches!(output.signal, Some(4 | 6 | 7 | 8 | 11));
        assert!(!panicked && !broken, "it panicked or crashed: {output}");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.signal("KILL");
        }
    }
}

/// What a program said and how it ended, not yet looked at.
#[derive(Clone, Debug)]
#[must_use = "assert how it ended and what it said"]
pub(crate) struct Output {
    line: String,
    /// The exit status; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Output { line, code, signal, stdout, stderr } = self;
        write!(f, "$ {line}\n{stdout}------- stderr -------\n{stderr}")?;
        writeln!(f, "------- status {code:?}, signal {signal:?}")
    }
}

impl Output {
    /// It ended with this status.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Judged {
        assert_eq!(self.code, Some(code), "{self}");
        let told = self.to_string();
        Judged { told, stdout: self.stdout, stderr: self.stderr }
    }

    /// It ended with 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Judged {
        self.exits(0)
    }

    /// It ended with 1 and told why, with each of these texts on standard error.
    #[track_caller]
    pub(crate) fn fails(self, why: &[&str]) -> Judged {
        let this = self.exits(1);
        assert!(flat(&this.stderr).contains("Error: "), "no word of an error: {this}");
        this.complains(why)
    }

    /// Standard output, line by line.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

/// What a program said that ended as it should.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    told: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.told)
    }
}

impl Judged {
    /// Standard error has these texts, wherever its lines are broken.
    #[track_caller]
    pub(crate) fn complains(self, texts: &[&str]) -> Judged {
        let told = flat(&self.stderr);
        for text in texts {
            assert!(told.contains(text), "standard error lacks {text:?}: {self}");
        }
        self
    }

    /// Standard output has these texts, wherever its lines are broken.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Judged {
        let told = flat(&self.stdout);
        for text in texts {
            assert!(told.contains(text), "standard output lacks {text:?}: {self}");
        }
        self
    }

    /// Neither standard output nor standard error has this text.
    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Judged {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{text:?}: {self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Standard output, line by line.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

/// One line without frames and colours: how text is wrapped is no matter of these tests.
fn flat(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                chars.by_ref().find(char::is_ascii_alphabetic);
            }
            '\u{2500}'..='\u{257f}' => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
