//! Cuts a file into arguments and blocks, and says which of them do not follow the grammar.

use super::grammar::{Outcome, Recogniser, Told};
use super::scan::{Kind, Token};

/// A stretch of the file in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// An argument or a block.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) whole: Stretch,
    /// Only for blocks whose header could be read.
    pub(super) block: Option<BlockItem>,
}

#[derive(Debug)]
pub(super) struct BlockItem {
    pub(super) ty: Stretch,
    /// With quotes, if there are any.
    pub(super) labels: Vec<Stretch>,
    /// From brace to brace.
    pub(super) body: Stretch,
    pub(super) items: Vec<Item>,
}

/// How deep blocks may be nested.
const MAX_BLOCKS: usize = 100;

impl Recogniser<'_> {
    /// Items up to the end of the file or to the brace that closes the block.
    pub(super) fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut told_no_item = false;
        loop {
            self.skip_newlines();
            let token = self.tokens[self.at];
            let closes = token.kind == Kind::Punct && self.source(token) == "}";
            if token.kind == Kind::Eof || (closes && depth > 0) {
                return items;
            }
            let end = self.end_of_item(self.at).max(self.at + 1);
            if token.kind == Kind::Ident {
                told_no_item = false;
                let (mut item, outcome) = self.item(token, depth);
                if outcome.is_err() {
                    // Blocks may have been read beyond what the brackets say.
                    let end = if item.block.is_some() { end.max(self.at) } else { end };
                    let behind = self.tokens[end.min(self.tokens.len() - 1)];
                    item.whole.end = item.whole.end.max(behind.start);
                    self.reset(end);
                }
                items.push(item);
                continue;
            }
            // Lines that follow such a line are likely to be of its kind: one message is enough.
            if !told_no_item {
                told_no_item = true;
                let _ = self.no_item(token);
            }
            self.reset(end);
        }
    }

    fn no_item(&mut self, token: Token) -> Outcome {
        if token.kind == Kind::OpenQuote {
            return self.tell("Invalid argument name", "Argument names must not be quoted.", token);
        }
        self.tell(
            "Argument or block definition required",
            "An argument or block definition is required here.",
            token,
        )
    }

    /// Where the item that begins at a token ends: at the first line ending outside brackets, or
    /// before a bracket that it did not open.
    fn end_of_item(&self, from: usize) -> usize {
        let mut open: Vec<&str> = Vec::new();
        for (at, token) in self.tokens.iter().enumerate().skip(from) {
            let closer = match token.kind {
                Kind::Eof => return at,
                Kind::Newline if open.is_empty() => return at,
                Kind::OpenQuote => {
                    open.push("\"");
                    continue;
                }
                Kind::OpenHeredoc => {
                    open.push("<<");
                    continue;
                }
                Kind::Interpolation | Kind::Control => {
                    open.push("${");
                    continue;
                }
                Kind::CloseQuote => "\"",
                Kind::CloseHeredoc => "<<",
                Kind::SequenceEnd => "${",
                Kind::Punct => match self.source(*token) {
                    bracket @ ("(" | "[" | "{") => {
                        open.push(bracket);
                        continue;
                    }
                    ")" => "(",
                    "]" => "[",
                    "}" => "{",
                    _ => continue,
                },
                _ => continue,
            };
            match open.iter().rposition(|opener| *opener == closer) {
                Some(place) => open.truncate(place),
                None if closer == "{" => return at,
                None => {}
            }
        }
        self.tokens.len() - 1
    }

    fn item(&mut self, name: Token, depth: usize) -> (Item, Outcome) {
        let mut block = None;
        let outcome = self.item_parts(name, depth, &mut block);
        let last = self.tokens[self.at.saturating_sub(1)];
        let whole = Stretch { start: name.start, end: last.end.max(name.end) };
        (Item { whole, block }, outcome)
    }

    fn item_parts(&mut self, name: Token, depth: usize, block: &mut Option<BlockItem>) -> Outcome {
        self.at += 1;
        let token = self.tokens[self.at];
        if self.take("=") {
            self.expression()?;
            return self.end_of_line(
                "Missing newline after argument",
                "An argument definition must end with a newline.",
            );
        }
        if !matches!(token.kind, Kind::OpenQuote | Kind::Ident) && !self.is("{") {
            return self.tell(
                "Argument or block definition required",
                "An argument or block definition is required here. To set an argument, use the \
                 equals sign \"=\" to introduce the argument value.",
                name,
            );
        }
        let ty = Stretch { start: name.start, end: name.end };
        let labels = self.labels()?;
        let open = self.next();
        let mut found = BlockItem {
            ty,
            labels,
            body: Stretch { start: open.start, end: open.end },
            items: Vec::new(),
        };
        let outcome = self.block_body(open, depth, &mut found);
        *block = Some(found);
        outcome
    }

    fn end_of_line(&mut self, summary: &'static str, detail: &'static str) -> Outcome {
        let token = self.tokens[self.at];
        if matches!(token.kind, Kind::Newline | Kind::Eof) {
            return Ok(());
        }
        self.tell(summary, detail, token)
    }

    fn labels(&mut self) -> Result<Vec<Stretch>, Told> {
        const SUMMARY: &str = "Invalid block definition";
        let mut labels = Vec::new();
        loop {
            let token = self.tokens[self.at];
            let detail = match token.kind {
                Kind::Ident => {
                    self.at += 1;
                    labels.push(Stretch { start: token.start, end: token.end });
                    continue;
                }
                Kind::OpenQuote => {
                    self.at += 1;
                    labels.push(self.quoted_label(token));
                    continue;
                }
                Kind::Punct if self.source(token) == "{" => return Ok(labels),
                Kind::Punct if self.source(token) == "=" => {
                    "The equals sign \"=\" indicates an argument definition, and must not be used \
                     when defining a block."
                }
                Kind::Newline => {
                    "A block definition must have block content delimited by \"{\" and \"}\", \
                     starting on the same line as the block header."
                }
                _ => {
                    "Either a quoted string block label or an opening brace (\"{\") is expected \
                     here."
                }
            };
            self.tell(SUMMARY, detail, token)?;
        }
    }

    /// A label may hold no template; if it does, that is said and the text taken as it is.
    fn quoted_label(&mut self, open: Token) -> Stretch {
        let (mut nested, mut told) = (0_usize, false);
        loop {
            let token = self.tokens[self.at];
            match token.kind {
                Kind::Eof => break,
                Kind::CloseQuote if nested == 0 => {
                    self.at += 1;
                    break;
                }
                Kind::Interpolation | Kind::Control => nested += 1,
                Kind::SequenceEnd => nested = nested.saturating_sub(1),
                _ => {}
            }
            if nested > 0 && !told {
                told = true;
                let _ = self.tell(
                    "Invalid string literal",
                    "Template sequences are not allowed in this string. To include a literal \
                     \"$\", double it (as \"$$\") to escape it.",
                    token,
                );
            }
            self.at += 1;
        }
        Stretch { start: open.start, end: self.tokens[self.at - 1].end }
    }

    fn block_body(&mut self, open: Token, depth: usize, found: &mut BlockItem) -> Outcome {
        if depth >= MAX_BLOCKS {
            return self.tell(super::TOO_DEEP, super::TOO_DEEP_DETAIL, open);
        }
        let token = self.tokens[self.at];
        if token.kind != Kind::Newline {
            self.one_line_body(open, found)?;
        } else {
            found.items = self.items(depth + 1);
        }
        let close = self.next();
        found.body.end = close.end;
        if close.kind == Kind::Eof {
            return self.unclosed(open);
        }
        self.end_of_line(
            "Missing newline after block definition",
            "A block definition must end with a newline.",
        )
    }

    fn unclosed(&mut self, open: Token) -> Outcome {
        // An unclosed string or bracket inside took the brace; that was said.
        if self.faults.iter().any(|fault| fault.start > open.start) {
            return Err(Told);
        }
        self.tell(
            "Unclosed configuration block",
            "There is no closing brace for this block before the end of the file. This may be \
             caused by incorrect brace nesting elsewhere in this file.",
            open,
        )
    }

    /// `{ name = value }`, up to the brace.
    fn one_line_body(&mut self, open: Token, found: &mut BlockItem) -> Outcome {
        const SUMMARY: &str = "Invalid single-argument block definition";
        if self.is("}") {
            return Ok(());
        }
        let name = self.tokens[self.at];
        if name.kind == Kind::Eof {
            return self.unclosed(open);
        }
        self.at += usize::from(name.kind == Kind::Ident);
        if name.kind != Kind::Ident || !self.take("=") {
            return self.tell(
                "Argument definition required",
                "A single-line block definition can contain only a single argument. To define a \
                 nested block or several arguments, place each on a line of its own within its \
                 parent block.",
                name,
            );
        }
        self.expression()?;
        let end = self.tokens[self.at - 1].end;
        found.items.push(Item { whole: Stretch { start: name.start, end }, block: None });
        if self.is("}") {
            return Ok(());
        }
        let token = self.tokens[self.at];
        let detail = match token.kind {
            Kind::Newline => {
                "An argument definition on the same line as its containing block creates a \
                 single-line block definition, which must also be closed on the same line. Place \
                 the block's closing brace immediately after the argument definition."
            }
            _ => {
                "Single-line block syntax can include only one argument definition. To define \
                 multiple arguments, use the multi-line block syntax with one argument definition \
                 per line."
            }
        };
        self.tell(SUMMARY, detail, token)
    }
}
