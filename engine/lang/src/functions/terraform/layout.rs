//! [`Layout`]: lines with the indentation and the aligned equals signs of `terraform fmt`.

use unicode_segmentation::UnicodeSegmentation;

/// Lines written so far, and the one being written.
#[derive(Default)]
pub(super) struct Layout {
    lines: Vec<Line>,
    current: Line,
}

/// One line, without its indentation.
#[derive(Default)]
struct Line {
    text: String,
    /// Where the first equals sign comes, and the balance of brackets before it.
    equals: Option<usize>,
    /// Brackets opened less brackets closed.
    brackets: i32,
    /// The same, behind the equals sign.
    brackets_behind: i32,
}

impl Layout {
    pub(super) fn text(&mut self, text: &str) {
        self.current.text.push_str(text);
    }

    pub(super) fn open(&mut self, bracket: &str) {
        self.bracket(bracket, 1);
    }

    pub(super) fn close(&mut self, bracket: &str) {
        self.bracket(bracket, -1);
    }

    fn bracket(&mut self, bracket: &str, change: i32) {
        self.text(bracket);
        self.current.brackets += change;
        if self.current.equals.is_some() {
            self.current.brackets_behind += change;
        }
    }

    /// The equals sign between a name and its value.
    pub(super) fn equals_sign(&mut self) {
        if self.current.equals.is_none() && !self.current.text.is_empty() {
            self.current.equals = Some(self.current.text.len());
        }
        self.text(" = ");
    }

    pub(super) fn end_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.current));
    }

    /// The text; it ends with a line break if the last line was ended.
    pub(super) fn finish(mut self) -> String {
        let ended = self.current.text.is_empty();
        if !ended {
            self.end_line();
        }
        self.align();
        let mut text = String::new();
        let mut levels = Levels::default();
        for line in &self.lines {
            text.push_str(&"  ".repeat(levels.before(line.brackets)));
            text.push_str(&line.text);
            text.push('\n');
        }
        if !ended {
            text.pop();
        }
        text
    }

    /// Puts the equals signs of neighbouring lines in one column. A line whose value goes on in the
    /// next one has a column of its own.
    fn align(&mut self) {
        let aligned = |line: &Line| line.equals.filter(|_| line.brackets_behind == 0);
        for run in self.lines.chunk_by_mut(|a, b| aligned(a).is_some() && aligned(b).is_some()) {
            let width =
                |line: &Line| aligned(line).map_or(0, |at| line.text[..at].graphemes(true).count());
            let widest = run.iter().map(width).max().unwrap_or_default();
            for line in run {
                if let Some(at) = aligned(line) {
                    let missing = widest - width(line);
                    line.text.insert_str(at, &" ".repeat(missing));
                }
            }
        }
    }
}

/// How deep the lines are indented. Brackets opened on one line count as one level.
#[derive(Default)]
struct Levels(Vec<i32>);

impl Levels {
    /// The depth of a line with that balance of brackets; goes on to the next.
    fn before(&mut self, brackets: i32) -> usize {
        if brackets > 0 {
            self.0.push(brackets);
            return self.0.len() - 1;
        }
        let mut closed = -brackets;
        while closed > 0 {
            let Some(level) = self.0.last_mut() else { break };
            if closed < *level {
                *level -= closed;
                break;
            }
            closed -= *level;
            self.0.pop();
        }
        self.0.len()
    }
}
