//! [`Style`]: how wide the terminal is, and whether there is colour. Colour is put on last: widths are
//! counted on bare text, and text without colour says as much as text with it.

use std::fmt;
use std::io::IsTerminal;

use anstyle::{AnsiColor, Effects};

/// Width where none can be told.
const DEFAULT_WIDTH: usize = 80;

/// Narrower terminals are treated as if they were this wide: wrapping would not help there.
const MIN_WIDTH: usize = 40;

/// What the reader's terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    color: bool,
    width: usize,
}

/// What a piece of text is, so that one place decides how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    /// Something comes.
    Add,
    /// Something changes.
    Change,
    /// Something goes.
    Remove,
    /// Something is read.
    Read,
    /// Less important than its surroundings.
    Dim,
    /// What one looks for first.
    Strong,
    /// The word "Error".
    Error,
    /// The word "Warning".
    Warning,
    /// What to do about it.
    Hint,
    /// All is well.
    Good,
}

impl Style {
    /// As the standard output of this process is; no colour where it is no terminal.
    pub(crate) fn new(no_color: bool) -> Style {
        let color = !no_color && std::io::stdout().is_terminal();
        let size = console::Term::stdout().size_checked();
        Style::of(color, size.map_or(DEFAULT_WIDTH, |(_, columns)| usize::from(columns)))
    }

    /// As told.
    pub(crate) fn of(color: bool, width: usize) -> Style {
        Style { color, width: width.max(MIN_WIDTH) }
    }

    /// No colour, usual width.
    pub(crate) fn plain() -> Style {
        Style::of(false, DEFAULT_WIDTH)
    }

    /// Columns of a line.
    pub(crate) fn width(self) -> usize {
        self.width
    }

    /// Text with its colour.
    pub(crate) fn paint<T: fmt::Display>(self, tint: Tint, text: T) -> Painted<T> {
        Painted { style: self.color.then(|| tint.ansi()), text }
    }
}

impl Tint {
    fn ansi(self) -> anstyle::Style {
        let bold = anstyle::Style::new().effects(Effects::BOLD);
        let color = |color: AnsiColor| anstyle::Style::new().fg_color(Some(color.into()));
        match self {
            Tint::Add => color(AnsiColor::Green),
            Tint::Change => color(AnsiColor::Yellow),
            Tint::Remove => color(AnsiColor::Red),
            Tint::Read => color(AnsiColor::Cyan),
            Tint::Dim => color(AnsiColor::BrightBlack),
            Tint::Strong => bold,
            Tint::Error => bold.fg_color(Some(AnsiColor::Red.into())),
            Tint::Warning => bold.fg_color(Some(AnsiColor::Yellow.into())),
            Tint::Hint => bold.fg_color(Some(AnsiColor::Cyan.into())),
            Tint::Good => bold.fg_color(Some(AnsiColor::Green.into())),
        }
    }
}

/// Text that knows its colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Painted<T> {
    style: Option<anstyle::Style>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            None => self.text.fmt(f),
            Some(style) => {
                write!(f, "{}", style.render())?;
                self.text.fmt(f)?;
                write!(f, "{}", style.render_reset())
            }
        }
    }
}
