//! Two values side by side: [`compare`] makes a tree of what differs, [`mod@print`] writes it with signs.
//!
//! A sensitive value becomes [`Body::Hidden`] when the tree is made, so that what writes never sees it.

mod blocks;
mod build;
mod print;
mod print_blocks;
mod sequence;
mod strings;

use kprov_core::{Str, Value};

pub(super) use build::{compare, whole};
pub(super) use print::Printer;

/// What becomes of a part. The order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Stays.
    Same,
    /// Comes.
    Add,
    /// Goes.
    Remove,
    /// Is there before and after, not the same.
    Change,
}

/// One part of a value, before and after.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) sign: Sign,
    /// Does its change replace the object?
    pub(super) forces: bool,
    /// Lines to be said above it.
    pub(super) notes: Vec<&'static str>,
    pub(super) body: Body,
}

/// What is shown of a part.
#[derive(Debug)]
pub(super) enum Body {
    /// A value that does not differ; laid out only where it is shown.
    Unchanged(Value, build::Nulls),
    /// One line: a number, a short string, "(known after apply)".
    Text(String),
    /// One line before, one after.
    Pair(String, String),
    /// A sensitive or ephemeral value: this is said in its place.
    Hidden(&'static str),
    /// Named or listed parts.
    Group(Group),
    /// A text of several lines.
    Lines(Vec<Line>, Option<&'static str>),
    /// A string that encodes something: `jsonencode(...)`.
    Encoded {
        /// The function that makes the string from what is inside.
        function: &'static str,
        /// What is inside.
        inner: Box<Node>,
        /// Said beside it.
        remark: Option<&'static str>,
    },
    /// Two shapes that have nothing in common.
    Reshaped(Box<Node>, Box<Node>),
}

/// A collection or an object.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) open: char,
    pub(super) close: char,
    /// "attribute" or "element".
    pub(super) noun: &'static str,
    /// Keep the neighbours of what differs in sight (lists)?
    pub(super) context: bool,
    pub(super) entries: Vec<Entry>,
    /// Nested blocks, those of one name together; only an object whose schema is known has any.
    pub(super) blocks: Vec<Nested>,
}

impl Group {
    /// Neither parts nor blocks?
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.blocks.is_empty()
    }
}

/// A nested block.
#[derive(Debug)]
pub(super) struct Nested {
    pub(super) name: Str,
    /// Its label, where blocks of this name have one.
    pub(super) label: Option<Str>,
    pub(super) node: Node,
}

/// One part of a group.
#[derive(Debug)]
pub(super) struct Entry {
    /// As shown; `None` for items.
    pub(super) key: Option<String>,
    /// Shown even if it stays, because it says which object this is.
    pub(super) important: bool,
    pub(super) node: Node,
}

/// A line of a text.
#[derive(Debug)]
pub(super) enum Line {
    /// With its sign.
    Shown(Sign, String),
    /// So many that stay.
    Hidden(usize),
}

impl Node {
    pub(super) fn new(sign: Sign, body: Body) -> Node {
        Node { sign, forces: false, notes: Vec::new(), body }
    }
}
