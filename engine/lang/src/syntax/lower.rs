//! Lowers hcl-edit's expressions to [`crate::ast`].
//!
//! All positions in the result are positions in the whole original file, whatever piece of it was
//! parsed. Literals are read from the original text: hcl-edit's own numbers are `f64`, and the text
//! that it saw may have been rewritten by [`super::prepare`] (same length, so places agree).

use std::ops::Range;

use hcl_edit::Ident;
use hcl_edit::Span as _;
use hcl_edit::expr::{self as hcl, Expression};
use kprov_core::{Diagnostic, Diagnostics, Number, Str, Value};

use super::prepare::is_heredoc;
use crate::ast::*;
use crate::source::{FileId, SourceMap, Span};

/// Lowers what was parsed from one piece of a file.
pub(super) struct Lowerer<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) file: FileId,
    /// The original text of the whole file.
    pub(super) text: &'a str,
    /// Where the parsed piece begins in `text`.
    pub(super) base: usize,
    pub(super) problems: Diagnostics,
}

impl<'a> Lowerer<'a> {
    pub(super) fn new(sources: &'a SourceMap, file: FileId, text: &'a str, base: usize) -> Self {
        Lowerer { sources, file, text, base, problems: Diagnostics::new() }
    }

    pub(super) fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or(0..0);
        Span {
            file: self.file,
            start: (self.base + range.start) as u32,
            end: (self.base + range.end) as u32,
        }
    }

    pub(super) fn source(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(super) fn error(&mut self, summary: &str, detail: impl Into<String>, at: Span) {
        let range = self.sources.range(at);
        self.problems.push(Diagnostic::error(summary, detail).at(range));
    }

    pub(super) fn expr(&mut self, source: &Expression) -> Expr {
        let span = self.span(source.span());
        let kind = match source {
            Expression::Null(_) => ExprKind::Literal(Value::NULL),
            Expression::Bool(value) => ExprKind::Literal(Value::Bool(*value.value())),
            Expression::Number(_) => self.number(span),
            Expression::String(_) => self.plain_string(span),
            Expression::Array(array) => {
                self.check_for_keyword(array.iter().next().and_then(|item| item.span()));
                ExprKind::Tuple(array.iter().map(|item| self.expr(item)).collect())
            }
            Expression::Object(object) => {
                self.check_for_keyword(object.iter().next().and_then(|(key, _)| key.span()));
                ExprKind::Object(
                    object.iter().map(|(key, value)| self.object_item(key, value)).collect(),
                )
            }
            Expression::StringTemplate(template) => self.quoted(template, span),
            Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, span),
            Expression::Parenthesis(inner) => ExprKind::Parens(self.boxed(inner.inner())),
            Expression::Variable(name) => ExprKind::Reference(Reference {
                root: Str::new(name.as_str()),
                root_span: span,
                steps: Vec::new(),
            }),
            Expression::Conditional(conditional) => ExprKind::Conditional {
                condition: self.boxed(&conditional.cond_expr),
                truthy: self.boxed(&conditional.true_expr),
                falsy: self.boxed(&conditional.false_expr),
            },
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => return self.traversal(traversal),
            Expression::UnaryOp(unary) => ExprKind::Unary {
                operator: match unary.operator.value() {
                    hcl::UnaryOperator::Not => UnaryOperator::Not,
                    hcl::UnaryOperator::Neg => UnaryOperator::Negate,
                },
                operand: self.boxed(&unary.expr),
            },
            Expression::BinaryOp(binary) => ExprKind::Binary {
                operator: binary_operator(*binary.operator.value()),
                left: self.boxed(&binary.lhs_expr),
                right: self.boxed(&binary.rhs_expr),
            },
            Expression::ForExpr(source) => ExprKind::For(Box::new(self.for_expr(source))),
        };
        Expr { kind, span }
    }

    fn boxed(&mut self, source: &Expression) -> Box<Expr> {
        Box::new(self.expr(source))
    }

    /// The word `for` at the beginning of a bracket is never a name.
    fn check_for_keyword(&mut self, first: Option<Range<usize>>) {
        let span = self.span(first);
        let Some(behind) = self.source(span).strip_prefix("for") else { return };
        if behind.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-') {
            return;
        }
        self.error(
            "Invalid 'for' expression",
            "For expression requires variable name after 'for'.",
            Span { start: span.start + 3, end: span.start + 3, ..span },
        );
    }

    /// A number as it stands in the source; hcl-edit folds a minus sign into it.
    fn number(&mut self, span: Span) -> ExprKind {
        let text = self.source(span);
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let start = span.end - digits.len() as u32;
        let number_span = Span { start, ..span };
        let value = match digits.parse::<Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => {
                self.error(
                    "Invalid number literal",
                    format!("Cannot read {digits:?} as a number."),
                    number_span,
                );
                Value::NULL
            }
        };
        if text.starts_with('-') {
            let operand = Expr { kind: ExprKind::Literal(value), span: number_span };
            ExprKind::Unary { operator: UnaryOperator::Negate, operand: Box::new(operand) }
        } else {
            ExprKind::Literal(value)
        }
    }

    fn plain_string(&mut self, span: Span) -> ExprKind {
        if is_heredoc(self.source(span)) {
            return ExprKind::Literal(Value::String(Str::default()));
        }
        let inside = Span { start: span.start + 1, end: span.end.max(span.start + 2) - 1, ..span };
        ExprKind::Literal(Value::String(Str::from(self.quoted_literal(inside))))
    }

    fn object_item(&mut self, key: &hcl::ObjectKey, value: &hcl::ObjectValue) -> ObjectItem {
        let span = self.span(key.span());
        let source = self.source(span);
        let key = match key {
            hcl::ObjectKey::Ident(name) if name.as_str() == source => {
                ObjectKey::Name(Str::new(source), span)
            }
            // The key was rewritten, because it stood there before; the text knows what it was.
            hcl::ObjectKey::Ident(_) => self.rewritten_key(span),
            hcl::ObjectKey::Expression(Expression::Null(_) | Expression::Bool(_)) => {
                ObjectKey::Name(Str::new(source), span)
            }
            hcl::ObjectKey::Expression(expr) => ObjectKey::Expr(self.expr(expr)),
        };
        ObjectItem { key, value: self.expr(value.expr()) }
    }

    fn rewritten_key(&mut self, span: Span) -> ObjectKey {
        let source = self.source(span);
        if is_identifier(source) {
            return ObjectKey::Name(Str::new(source), span);
        }
        match super::pieces::parse_expr(source) {
            Ok(expr) => {
                let outer = std::mem::replace(&mut self.base, span.start as usize);
                let expr = self.expr(&expr);
                self.base = outer;
                ObjectKey::Expr(expr)
            }
            Err(_) => {
                self.error("Invalid expression", "This object key cannot be read.", span);
                ObjectKey::Name(Str::new(""), span)
            }
        }
    }

    fn call(&mut self, call: &hcl::FuncCall) -> ExprKind {
        let name_span = self.span(call.name.name.span());
        let mut name = String::new();
        for part in &call.name.namespace {
            name.push_str(part.as_str());
            name.push_str("::");
        }
        name.push_str(call.name.name.as_str());
        let start = call.name.namespace.first().map(|first| self.span(first.span()));
        ExprKind::Call(Call {
            name: Str::from(name),
            name_span: start.map_or(name_span, |start| start.to(name_span)),
            arguments: call.args.iter().map(|argument| self.expr(argument)).collect(),
            expand_final: call.args.expand_final(),
        })
    }

    fn for_expr(&mut self, source: &hcl::ForExpr) -> For {
        For {
            key: source.intro.key_var.as_ref().map(|name| name_of(name.value())),
            value: name_of(source.intro.value_var.value()),
            collection: self.expr(&source.intro.collection_expr),
            result_key: source.key_expr.as_ref().map(|key| self.expr(key)),
            result: self.expr(&source.value_expr),
            group: source.grouping,
            condition: source.cond.as_ref().map(|condition| self.expr(&condition.expr)),
        }
    }

    /// A base and what is behind it. Splats cut it into pieces: see [`ExprKind::Splat`].
    fn traversal(&mut self, source: &hcl::Traversal) -> Expr {
        let mut current = self.expr(&source.expr);
        let mut steps = Vec::new();
        let mut rest = &source.operators[..];
        self.check_legacy_indexes(rest);
        self.check_number_base(&current, rest);
        while let Some((operator, behind)) = rest.split_first() {
            let marker = self.span(operator.span());
            let each = match operator.value() {
                hcl::TraversalOperator::AttrSplat(_) => {
                    let taken = self.attribute_splat_length(behind);
                    let each = self.steps(&behind[..taken]);
                    rest = &behind[taken..];
                    each
                }
                hcl::TraversalOperator::FullSplat(_) => {
                    rest = &[];
                    self.steps(behind)
                }
                _ => {
                    steps.push(self.step(operator));
                    rest = behind;
                    continue;
                }
            };
            let base = with_steps(current, std::mem::take(&mut steps));
            let end = each.last().map_or(marker, |last| last.span);
            let span = base.span.to(end);
            let kind = ExprKind::Splat { source: Box::new(base), each, marker };
            current = Expr { kind, span };
        }
        with_steps(current, steps)
    }

    /// How many operators an attribute-only splat takes of what follows it.
    fn attribute_splat_length(
        &mut self,
        behind: &[hcl_edit::Decorated<hcl::TraversalOperator>],
    ) -> usize {
        let taken = behind
            .iter()
            .take_while(|operator| {
                matches!(
                    operator.value(),
                    hcl::TraversalOperator::GetAttr(_) | hcl::TraversalOperator::LegacyIndex(_)
                )
            })
            .count();
        if let Some(next) = behind.get(taken)
            && matches!(next.value(), hcl::TraversalOperator::AttrSplat(_))
        {
            let at = self.span(next.span());
            self.error(
                "Nested splat expression not allowed",
                "A splat expression (*) cannot be used inside another attribute-only splat \
                 expression.",
                at,
            );
        }
        taken
    }

    /// Steps inside a splat; a splat among them takes all (`[*]`) or its part (`.*`) of the rest.
    fn steps(&mut self, operators: &[hcl_edit::Decorated<hcl::TraversalOperator>]) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut rest = operators;
        while let Some((operator, behind)) = rest.split_first() {
            let marker = self.span(operator.span());
            let taken = match operator.value() {
                hcl::TraversalOperator::AttrSplat(_) => self.attribute_splat_length(behind),
                hcl::TraversalOperator::FullSplat(_) => behind.len(),
                _ => {
                    steps.push(self.step(operator));
                    rest = behind;
                    continue;
                }
            };
            let each = self.steps(&behind[..taken]);
            let span = each.last().map_or(marker, |last| marker.to(last.span));
            steps.push(Step { kind: StepKind::Splat(each), span });
            rest = &behind[taken..];
        }
        steps
    }

    fn step(&mut self, operator: &hcl_edit::Decorated<hcl::TraversalOperator>) -> Step {
        let span = self.span(operator.span());
        let kind = match operator.value() {
            hcl::TraversalOperator::GetAttr(name) => StepKind::Attribute(name_of(name.value())),
            hcl::TraversalOperator::Index(index) => StepKind::Index(self.boxed(index)),
            hcl::TraversalOperator::LegacyIndex(index) => StepKind::LegacyIndex(*index.value()),
            // Callers take splats out before.
            hcl::TraversalOperator::AttrSplat(_) | hcl::TraversalOperator::FullSplat(_) => {
                StepKind::Splat(Vec::new())
            }
        };
        Step { kind, span }
    }

    /// `1.2.3` is no index of `1.2`.
    fn check_number_base(
        &mut self,
        base: &Expr,
        operators: &[hcl_edit::Decorated<hcl::TraversalOperator>],
    ) {
        let Some(first) = operators.first() else { return };
        let at = self.span(first.span());
        if matches!(base.kind, ExprKind::Literal(Value::Number(_)))
            && matches!(first.value(), hcl::TraversalOperator::LegacyIndex(_))
            && base.span.end == at.start
            && !self.source(at).contains(char::is_whitespace)
        {
            self.error("Invalid number literal", super::BAD_NUMBER, base.span.to(at));
        }
    }

    /// `x.0.1` lexes as the number 0.1 in Terraform, which refuses it.
    fn check_legacy_indexes(&mut self, operators: &[hcl_edit::Decorated<hcl::TraversalOperator>]) {
        let is_legacy = |operator: &hcl::TraversalOperator| {
            matches!(operator, hcl::TraversalOperator::LegacyIndex(_))
        };
        for pair in operators.windows(2) {
            let (first, second) = (self.span(pair[0].span()), self.span(pair[1].span()));
            if is_legacy(pair[0].value()) && is_legacy(pair[1].value()) && first.end == second.start
            {
                self.error(
                    "Invalid legacy index syntax",
                    "When using the legacy index syntax, chaining two indexes together is not \
                     permitted. Use the proper index syntax instead, like [0][1].",
                    first.to(second),
                );
            }
        }
    }
}

/// Puts steps behind an expression, joining them to a reference.
fn with_steps(base: Expr, steps: Vec<Step>) -> Expr {
    let Some(last) = steps.last() else { return base };
    let span = base.span.to(last.span);
    let kind = match base.kind {
        ExprKind::Reference(mut reference) => {
            reference.steps.extend(steps);
            ExprKind::Reference(reference)
        }
        _ => ExprKind::Access { base: Box::new(base), steps },
    };
    Expr { kind, span }
}

fn name_of(name: &Ident) -> Str {
    Str::new(name.as_str())
}

/// May `text` be a name?
pub(crate) fn is_identifier(text: &str) -> bool {
    hcl_edit::Ident::try_new(text).is_ok()
}

fn binary_operator(operator: hcl::BinaryOperator) -> BinaryOperator {
    match operator {
        hcl::BinaryOperator::Eq => BinaryOperator::Equal,
        hcl::BinaryOperator::NotEq => BinaryOperator::NotEqual,
        hcl::BinaryOperator::LessEq => BinaryOperator::LessOrEqual,
        hcl::BinaryOperator::GreaterEq => BinaryOperator::GreaterOrEqual,
        hcl::BinaryOperator::Less => BinaryOperator::Less,
        hcl::BinaryOperator::Greater => BinaryOperator::Greater,
        hcl::BinaryOperator::Plus => BinaryOperator::Add,
        hcl::BinaryOperator::Minus => BinaryOperator::Subtract,
        hcl::BinaryOperator::Mul => BinaryOperator::Multiply,
        hcl::BinaryOperator::Div => BinaryOperator::Divide,
        hcl::BinaryOperator::Mod => BinaryOperator::Modulo,
        hcl::BinaryOperator::And => BinaryOperator::And,
        hcl::BinaryOperator::Or => BinaryOperator::Or,
    }
}
