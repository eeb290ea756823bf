//! What can be read of a file that does not parse, and all its syntax errors.
//!
//! The file is cut into items by [`super::items`]. Each item is parsed alone by hcl-edit; a block
//! that does not parse is put together from its items, and so on down. An error of hcl-edit is told
//! only where the recogniser found nothing wrong.

use kprov_core::Str;

use super::faults::{Fault, fault};
use super::grammar::Recogniser;
use super::items::{BlockItem, Item, Stretch};
use super::lower::Lowerer;
use super::{pieces, scan};
use crate::Span;
use crate::ast::{Block, Body};

/// Reads what can be read of the text behind `base`.
pub(super) fn recover(lowerer: &mut Lowerer<'_>, base: usize) -> Body {
    let (tokens, faults) = scan::scan(lowerer.text, base);
    let mut recogniser = Recogniser::new(lowerer.text, &tokens, faults);
    let items = recogniser.items(0);
    let mut recovery = Recovery { lowerer, faults: recogniser.faults };
    let end = recovery.lowerer.text.len();
    let body = recovery.body(&items, Stretch { start: 0, end });
    let mut faults = recovery.faults;
    faults.sort_by_key(|fault| (fault.start, fault.end));
    for fault in faults {
        let problem = fault.into_diagnostic(lowerer.sources, lowerer.file);
        lowerer.problems.push(problem);
    }
    body
}

struct Recovery<'r, 'a> {
    lowerer: &'r mut Lowerer<'a>,
    faults: Vec<Fault>,
}

impl Recovery<'_, '_> {
    fn span(&self, stretch: Stretch) -> Span {
        Span {
            file: self.lowerer.file,
            start: stretch.start as u32,
            end: stretch.end.min(self.lowerer.text.len()) as u32,
        }
    }

    fn body(&mut self, items: &[Item], whole: Stretch) -> Body {
        let mut body = Body { span: self.span(whole), ..Body::default() };
        for item in items {
            self.item(item, &mut body);
        }
        body
    }

    fn item(&mut self, item: &Item, body: &mut Body) {
        let Some(text) = self.lowerer.text.get(item.whole.start..item.whole.end) else { return };
        let told = self
            .faults
            .iter()
            .any(|fault| fault.start >= item.whole.start && fault.start <= item.whole.end);
        let before = std::mem::take(&mut self.lowerer.problems);
        let parsed = pieces::parse_body(text);
        match (&parsed, &item.block) {
            (Ok(parsed), block) if !told || block.is_none() => {
                let span = self.span(item.whole);
                self.lowerer.base = item.whole.start;
                let read = self.lowerer.body(parsed, span);
                self.add(read, body);
            }
            (_, Some(block)) => {
                let block = self.block(block, item.whole);
                body.blocks.push(block);
            }
            _ => {}
        }
        let found = std::mem::replace(&mut self.lowerer.problems, before);
        if let Err(error) = parsed
            && !told
            && found.is_empty()
        {
            let at = item.whole.start + error.location().offset();
            let (summary, detail) = super::explain(&error);
            self.faults.push(fault(summary, detail, at, at));
        }
        // What the recogniser told of an argument, the lowering need not tell again.
        if !told || item.block.is_some() {
            self.lowerer.problems.extend(found);
        }
    }

    /// Adds what was read of an item; of two arguments of one name the first is kept.
    fn add(&mut self, read: Body, body: &mut Body) {
        body.blocks.extend(read.blocks);
        for attribute in read.attributes {
            let Some(first) = body.attribute(&attribute.name) else {
                body.attributes.push(attribute);
                continue;
            };
            let line = self.lowerer.sources.range(first.name_span).start.line;
            let detail = format!(
                "The argument \"{}\" was already set on line {line}. Each argument may be set only \
                 once.",
                attribute.name
            );
            self.lowerer.error("Attribute redefined", detail, attribute.name_span);
        }
    }

    fn block(&mut self, source: &BlockItem, whole: Stretch) -> Block {
        let ty_span = self.span(source.ty);
        let mut labels = Vec::new();
        let mut header = ty_span;
        for label in &source.labels {
            let span = self.span(*label);
            header = header.to(span);
            let text = self.lowerer.source(span);
            let text = text.strip_prefix('"').unwrap_or(text);
            labels.push((Str::new(text.strip_suffix('"').unwrap_or(text)), span));
        }
        Block {
            ty: Str::new(self.lowerer.source(ty_span)),
            ty_span,
            labels,
            body: self.body(&source.items, source.body),
            header,
            span: self.span(whole),
        }
    }
}
