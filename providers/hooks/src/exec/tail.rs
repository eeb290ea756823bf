//! [`Tail`]: the end of what a program prints, however much that is.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// So much is kept.
const KEPT: usize = 4096;
/// Lines and characters of a message.
const LINES: usize = 10;
const WIDTH: usize = 400;

#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<Vec<u8>>>);

impl Tail {
    /// Reads to the end.
    pub(super) async fn read(self, mut from: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 8192];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            self.push(&buffer[..count]);
        }
    }

    fn push(&self, more: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(more);
        let over = kept.len().saturating_sub(KEPT);
        kept.drain(..over);
    }

    /// Lines that say something, the last ones, each no longer than a message bears.
    fn lines(&self, count: usize) -> Vec<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let printable = |line: &str| -> String {
            let line = line.trim_end().chars().map(|it| if it.is_control() { ' ' } else { it });
            line.take(WIDTH).collect()
        };
        let lines = text.lines().map(printable).filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = lines.collect();
        let first = lines.len().saturating_sub(count);
        lines[first..].to_vec()
    }

    /// The last line.
    pub(super) fn last_line(&self) -> String {
        self.lines(1).concat().trim().to_owned()
    }

    /// The last few lines.
    pub(super) fn end(&self) -> String {
        self.lines(LINES).join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_the_rest_is_not() {
        let tail = Tail::default();
        assert_eq!((tail.last_line().as_str(), tail.end().as_str()), ("", ""));
        for line in 0..10_000 {
            tail.push(format!("line {line}\n").as_bytes());
        }
        tail.push(b"\n  not\x1byet \n\n");
        assert_eq!(tail.last_line(), "not yet");
        assert!(tail.end().starts_with("line 9991\n") && tail.end().ends_with("  not yet"));
        assert!(tail.0.lock().unwrap_or_else(PoisonError::into_inner).len() <= KEPT);
        tail.push("é".repeat(5000).as_bytes());
        assert!(tail.last_line().chars().count() <= WIDTH);
    }
}
