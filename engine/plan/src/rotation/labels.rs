//! `hook "verified" { ... }` becomes `hook { when = "verified" ... }` before it is decoded.
//!
//! Blocks with labels are maps elsewhere ([`kprov_provider::Nesting::Map`]), in which a label stands once. A moment has as
//! many hooks as one likes, in order. So the label is an argument of the block, which has its place for messages.

use kprov_core::{Diagnostic, Diagnostics, Str, Value};
use kprov_lang::ast::{Attribute, Block, Body, Expr, ExprKind, Step, StepKind};
use kprov_lang::{SourceMap, Span};

const HOOK: &str = "hook";
const WHEN: &str = "when";

/// The body with the labels of its hooks as arguments, those of `dynamic` ones included.
pub(super) fn as_arguments(body: &Body, sources: &SourceMap) -> (Body, Diagnostics) {
    let mut body = body.clone();
    let mut labels = Labels { sources, found: Diagnostics::new() };
    for block in &mut body.blocks {
        if block.ty == HOOK {
            labels.plain(block);
        } else if block.ty == "dynamic" && block.labels.first().is_some_and(|it| it.0 == HOOK) {
            labels.dynamic(block);
        }
    }
    (body, labels.found)
}

struct Labels<'s> {
    sources: &'s SourceMap,
    found: Diagnostics,
}

impl Labels<'_> {
    fn plain(&mut self, block: &mut Block) {
        let moment = match &block.labels[..] {
            [(label, span)] => literal(Value::String(label.clone()), *span),
            [] => {
                let detail = "All hook blocks must have one label, the moment at which they run: launched, draining, \
                              terminating or verified.";
                self.error("Missing moment for hook", detail, block.header);
                literal(Value::NULL, block.header)
            }
            [_, (_, extra), ..] => {
                let detail = "Only one label, the moment, is expected for hook blocks.";
                self.error("Extraneous label for hook", detail, *extra);
                literal(Value::NULL, block.header)
            }
        };
        block.labels.clear();
        self.add(&mut block.body, moment);
    }

    /// `labels = ["verified"]`
    fn dynamic(&mut self, block: &mut Block) {
        let labels = block.body.attribute("labels").map(|labels| labels.expr.clone());
        block.body.attributes.retain(|argument| argument.name != "labels");
        let moment = match labels {
            Some(labels) => self.only(labels),
            None => {
                let detail = "A dynamic \"hook\" block needs labels, a list of one text: the moment at which it runs.";
                self.error("Missing moment for hook", detail, block.header);
                literal(Value::NULL, block.header)
            }
        };
        for content in block.body.blocks.iter_mut().filter(|inner| inner.ty == "content") {
            self.add(&mut content.body, moment.clone());
        }
    }

    /// The one item of a list.
    fn only(&mut self, list: Expr) -> Expr {
        let span = list.span;
        match list.kind {
            ExprKind::Tuple(items) => match <[Expr; 1]>::try_from(items) {
                Ok([one]) => one,
                Err(_) => {
                    let detail =
                        "The labels of \"hook\" blocks are a list of one text, the moment.";
                    self.error("Invalid dynamic block label", detail, span);
                    literal(Value::NULL, span)
                }
            },
            _ => {
                let first = StepKind::Index(Box::new(literal(Value::Number(0u64.into()), span)));
                let steps = vec![Step { kind: first, span }];
                Expr { kind: ExprKind::Access { base: Box::new(list), steps }, span }
            }
        }
    }

    fn add(&mut self, body: &mut Body, moment: Expr) {
        if let Some(argument) = body.attribute(WHEN) {
            let detail = "An argument named \"when\" is not expected here: a hook's label says when it runs.";
            self.error("Unsupported argument", detail, argument.name_span);
            body.attributes.retain(|argument| argument.name != WHEN);
        }
        let span = moment.span;
        body.attributes.push(Attribute {
            name: Str::new(WHEN),
            name_span: span,
            expr: moment,
            span,
        });
    }

    fn error(&mut self, summary: &'static str, detail: &'static str, at: Span) {
        self.found.push(Diagnostic::error(summary, detail).at(self.sources.range(at)));
    }
}

fn literal(value: Value, span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(value), span }
}
