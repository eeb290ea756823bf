//! What a component says goes to its log, without secrets; it never grows beyond its size. The last lines are kept for errors.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::discretion::Discretion;

const LARGEST: u64 = 32 << 20;
const OLD_ONES: u32 = 3;
const LAST_LINES: usize = 12;
const LONGEST_LINE: usize = 600;

pub(super) struct Log {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    largest: u64,
    last: VecDeque<String>,
    /// The lines of now are the stack of a Go program that panicked.
    in_stack: bool,
    discretion: Discretion,
}

impl Log {
    pub(super) fn open(path: &Path, discretion: Discretion) -> Log {
        Log::with_size(path, discretion, LARGEST)
    }

    fn with_size(path: &Path, discretion: Discretion, largest: u64) -> Log {
        let file = File::options().create(true).append(true).open(path).ok();
        let size =
            file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |found| found.len());
        let path = path.to_owned();
        Log { path, file, size, largest, last: VecDeque::new(), in_stack: false, discretion }
    }

    /// Writes a line. A full disk costs the line, not the component.
    pub(super) fn line(&mut self, line: &str) {
        let line = self.discretion.clean(line);
        // A stack tells people nothing, and pushes out the line before it, which says why.
        self.in_stack = is_stack(&line, self.in_stack);
        if !self.in_stack {
            if self.last.len() == LAST_LINES {
                self.last.pop_front();
            }
            self.last.push_back(line.chars().take(LONGEST_LINE).collect());
        }
        if self.size > self.largest {
            self.rotate();
        }
        if let Some(file) = &mut self.file {
            let text = format!("{line}\n");
            if file.write_all(text.as_bytes()).is_ok() {
                self.size += text.len() as u64;
            }
        }
    }

    fn rotate(&mut self) {
        let old = |number: u32| self.path.with_extension(format!("log.{number}"));
        for number in (1..OLD_ONES).rev() {
            let _ = std::fs::rename(old(number), old(number + 1));
        }
        let _ = std::fs::rename(&self.path, old(1));
        self.file = File::options().create(true).append(true).open(&self.path).ok();
        self.size = 0;
    }

    /// The last lines, the newest last.
    pub(super) fn last_lines(&self) -> String {
        self.last.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Go writes `goroutine 1 [running]:`, then for each frame a call and, indented, its place.
fn is_stack(line: &str, before: bool) -> bool {
    let begins = line.starts_with("goroutine ") && line.ends_with("]:");
    let frame = line.is_empty()
        || line.starts_with('\t')
        || line.starts_with("created by ")
        || line.ends_with(')');
    begins || before && frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_panic_say_why_and_have_no_stack() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::with_size(&dir.path().join("x.log"), Discretion::default(), LARGEST);
        let panic = "panic: no space left on device";
        let stack = [
            "",
            "goroutine 1 [running]:",
            "main.f({0x1, 0x2})",
            "\tmain.go:40 +0xf3",
            "main.main()",
        ];
        for line in ["starts", panic].into_iter().chain(stack).chain(["starts again"]) {
            log.line(line);
        }
        assert_eq!(log.last_lines(), "starts\npanic: no space left on device\n\nstarts again");
    }

    #[test]
    fn it_rotates_by_size_and_keeps_three() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let mut log = Log::with_size(&path, Discretion::default(), 20);
        for number in 0..30 {
            log.line(&format!("line number {number}"));
        }
        let mut names: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["x.log", "x.log.1", "x.log.2", "x.log.3"]);
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("line number 29\n"));
        assert!(log.last_lines().ends_with("line number 28\nline number 29"));
        assert_eq!(log.last_lines().lines().count(), LAST_LINES);
    }
}
