//! Lowers hcl-edit's bodies, attributes and blocks.

use hcl_edit::Span as _;
use hcl_edit::structure::{self as hcl, BlockLabel, Structure};
use kprov_core::Str;

use super::lower::Lowerer;
use crate::Span;
use crate::ast::{Attribute, Block, Body};

impl Lowerer<'_> {
    /// A body with a span that the caller knows better.
    pub(super) fn body(&mut self, source: &hcl::Body, span: Span) -> Body {
        let mut body = Body { attributes: Vec::new(), blocks: Vec::new(), span };
        for structure in source {
            match structure {
                Structure::Attribute(attribute) => {
                    let attribute = self.attribute(attribute);
                    body.attributes.push(attribute);
                }
                Structure::Block(block) => {
                    let block = self.block(block);
                    body.blocks.push(block);
                }
            }
        }
        body
    }

    fn attribute(&mut self, source: &hcl::Attribute) -> Attribute {
        let name_span = self.span(source.key.span());
        let expr = self.expr(&source.value);
        Attribute {
            name: Str::new(source.key.as_str()),
            name_span,
            span: name_span.to(expr.span),
            expr,
        }
    }

    fn block(&mut self, source: &hcl::Block) -> Block {
        let ty_span = self.span(source.ident.span());
        let mut header = ty_span;
        let mut labels = Vec::with_capacity(source.labels.len());
        for label in &source.labels {
            let span = self.span(label.span());
            header = header.to(span);
            let text = match label {
                BlockLabel::Ident(name) => Str::new(name.as_str()),
                BlockLabel::String(_) => {
                    let inside = Span { start: span.start + 1, end: span.end - 1, ..span };
                    Str::from(self.quoted_literal(inside))
                }
            };
            labels.push((text, span));
        }
        let mut span = self.span(source.span());
        span.start = ty_span.start;
        let inside = Span { start: self.brace_behind(header.end), ..span };
        Block {
            ty: Str::new(source.ident.as_str()),
            ty_span,
            labels,
            body: self.body(&source.body, inside),
            header,
            span,
        }
    }

    /// Where the brace stands that opens a block, behind white space and comments.
    fn brace_behind(&self, header_end: u32) -> u32 {
        let mut at = header_end as usize;
        while let Some(rest) = self.text.get(at..) {
            if rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if rest.starts_with([' ', '\t']) {
                at += 1;
            } else {
                break;
            }
        }
        at as u32
    }
}
