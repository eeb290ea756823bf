//! Templates: literals from the source text, `~` trims, heredoc dedent, directives as a tree.
//!
//! Terraform applies trims and dedent to the flat sequence of a template's tokens, in which each
//! line of a heredoc is a token of its own, and builds the tree of directives afterwards. The same
//! is done here, because both effects can be seen: `~}` trims the rest of its line and not the next
//! line's indentation, and `<<-` looks at lines inside directives too.

use hcl_edit::Span as _;
use hcl_edit::template::{self as hcl, Element};
use kprov_core::{Str, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::lower::Lowerer;
use crate::Span;
use crate::ast::*;

/// Why a line ending in quotes is wrong.
pub(super) const MULTI_LINE: &str = "Quoted strings may not be split over multiple lines. To \
                                     produce a multi-line string, either use the \\n escape to \
                                     represent a newline character or use the \"heredoc\" \
                                     multi-line template syntax.";

/// How the text of literals is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// In quotes: backslash escapes.
    Quoted,
    /// In a heredoc or a file: text as it is, one token a line.
    Lines,
}

/// A token of a template.
struct Token {
    kind: TokenKind,
    /// `${~`
    trims_before: bool,
    /// `~}`
    trims_after: bool,
}

enum TokenKind {
    Literal(String, Span),
    Interpolation(Expr),
    If(Expr, Span),
    Else,
    EndIf,
    For { key: Option<Str>, value: Str, collection: Expr, span: Span },
    EndFor,
}

impl Lowerer<'_> {
    /// `"a${b}c"`
    pub(super) fn quoted(&mut self, template: &hcl::StringTemplate, span: Span) -> ExprKind {
        let mut tokens = Vec::new();
        self.tokens(template.iter(), Style::Quoted, &mut tokens);
        trim(&mut tokens);
        if let [Token { kind: TokenKind::Interpolation(_), .. }] = &tokens[..]
            && let Some(Token { kind: TokenKind::Interpolation(expr), .. }) = tokens.pop()
        {
            return ExprKind::TemplateWrap(Box::new(expr));
        }
        folded(build(tokens), span)
    }

    /// `<<EOT`, `<<-EOT`
    pub(super) fn heredoc(&mut self, heredoc: &hcl::HeredocTemplate, span: Span) -> ExprKind {
        let mut tokens = Vec::new();
        self.tokens(heredoc.template.iter(), Style::Lines, &mut tokens);
        trim(&mut tokens);
        self.check_marker_alone(span);
        if self.source(span).starts_with("<<-") {
            dedent(&mut tokens);
        }
        folded(build(tokens), span)
    }

    /// Nothing may stand behind the closing marker on its line.
    fn check_marker_alone(&mut self, span: Span) {
        let behind = self.text.get(span.end as usize..).unwrap_or_default();
        let line = behind.split('\n').next().unwrap_or_default();
        if !line.trim().is_empty() {
            self.error(
                "Unterminated template string",
                "The closing marker of a heredoc must stand alone on its line: put what follows \
                 it on the next line.",
                Span { start: span.end, end: span.end + line.trim_end().len() as u32, ..span },
            );
        }
    }

    /// A file that is a template.
    pub(super) fn bare(&mut self, template: &hcl::Template) -> Vec<TemplatePart> {
        let mut tokens = Vec::new();
        self.tokens(template.iter(), Style::Lines, &mut tokens);
        trim(&mut tokens);
        build(tokens)
    }

    fn tokens<'e>(
        &mut self,
        elements: impl Iterator<Item = &'e Element>,
        style: Style,
        tokens: &mut Vec<Token>,
    ) {
        for element in elements {
            let span = self.span(element.span());
            match element {
                Element::Literal(_) => self.literal(span, style, tokens),
                Element::Interpolation(interpolation) => {
                    let kind = TokenKind::Interpolation(self.expr(&interpolation.expr));
                    tokens.push(token(kind, interpolation.strip));
                }
                Element::Directive(directive) => match &**directive {
                    hcl::Directive::If(directive) => {
                        self.if_directive(directive, span, style, tokens);
                    }
                    hcl::Directive::For(directive) => {
                        self.for_directive(directive, span, style, tokens);
                    }
                },
            }
        }
    }

    fn literal(&mut self, span: Span, style: Style, tokens: &mut Vec<Token>) {
        if style == Style::Quoted {
            let text = self.quoted_literal(span);
            tokens.push(token(TokenKind::Literal(text, span), hcl::Strip::None));
            return;
        }
        let mut start = span.start;
        for line in self.source(span).split_inclusive('\n') {
            let end = start + line.len() as u32;
            let text = unescape_markers(line);
            let kind = TokenKind::Literal(text, Span { start, end, ..span });
            tokens.push(token(kind, hcl::Strip::None));
            start = end;
        }
    }

    fn if_directive(
        &mut self,
        directive: &hcl::IfDirective,
        span: Span,
        style: Style,
        tokens: &mut Vec<Token>,
    ) {
        let condition = self.expr(&directive.if_expr.cond_expr);
        tokens.push(token(TokenKind::If(condition, span), directive.if_expr.strip));
        self.tokens(directive.if_expr.template.iter(), style, tokens);
        if let Some(otherwise) = &directive.else_expr {
            tokens.push(token(TokenKind::Else, otherwise.strip));
            self.tokens(otherwise.template.iter(), style, tokens);
        }
        tokens.push(token(TokenKind::EndIf, directive.endif_expr.strip));
    }

    fn for_directive(
        &mut self,
        directive: &hcl::ForDirective,
        span: Span,
        style: Style,
        tokens: &mut Vec<Token>,
    ) {
        let intro = &directive.for_expr;
        let kind = TokenKind::For {
            key: intro.key_var.as_ref().map(|name| Str::new(name.as_str())),
            value: Str::new(intro.value_var.as_str()),
            collection: self.expr(&intro.collection_expr),
            span,
        };
        tokens.push(token(kind, intro.strip));
        self.tokens(intro.template.iter(), style, tokens);
        tokens.push(token(TokenKind::EndFor, directive.endfor_expr.strip));
    }

    /// The text of a literal in quotes, `span` without the quotes.
    pub(super) fn quoted_literal(&mut self, span: Span) -> String {
        let source = self.source(span);
        if let Some(at) = source.find('\n') {
            let start = span.start + at as u32;
            self.error(
                "Invalid multi-line string",
                MULTI_LINE,
                Span { start, end: start + 1, ..span },
            );
        }
        self.check_quoted(source, span);
        unescape(source)
    }

    /// Inside directives hcl-edit takes text as it is, quotes and backslashes included.
    fn check_quoted(&mut self, source: &str, span: Span) {
        let mut chars = source.char_indices();
        while let Some((at, c)) = chars.next() {
            let place = span.start as usize + at;
            if c == '\\' {
                if let Some(fault) = super::scan::bad_escape(place, &source[at + 1..]) {
                    self.problems.push(fault.into_diagnostic(self.sources, self.file));
                }
                chars.next();
            } else if c == '"' {
                let start = place as u32;
                self.error(
                    "Unexpected end of template",
                    "The string ends here, inside of a template directive that has no end.",
                    Span { start, end: start + 1, ..span },
                );
                return;
            }
        }
    }
}

fn token(kind: TokenKind, strip: hcl::Strip) -> Token {
    Token { kind, trims_before: strip.strip_start(), trims_after: strip.strip_end() }
}

/// Applies `~`: each takes white space from the one literal next to it.
fn trim(tokens: &mut [Token]) {
    for i in 0..tokens.len() {
        if tokens[i].trims_before
            && i > 0
            && let TokenKind::Literal(text, _) = &mut tokens[i - 1].kind
        {
            text.truncate(text.trim_end().len());
        }
        if tokens[i].trims_after
            && let Some(TokenKind::Literal(text, _)) = tokens.get_mut(i + 1).map(|t| &mut t.kind)
        {
            *text = text.trim_start().to_owned();
        }
    }
}

/// Takes the least indentation of all lines from each of them. Blank lines do not count; a line
/// that begins with an interpolation or a directive has none.
fn dedent(tokens: &mut [Token]) {
    let mut least = usize::MAX;
    let mut lines = Vec::new();
    let mut line_start = true;
    for (i, token) in tokens.iter().enumerate() {
        let TokenKind::Literal(text, _) = &token.kind else {
            if line_start {
                least = 0;
                line_start = false;
            }
            continue;
        };
        if line_start {
            line_start = false;
            let content = text.trim_start();
            if !(content.is_empty() && text.ends_with('\n')) {
                least = least.min(text[..text.len() - content.len()].graphemes(true).count());
                lines.push(i);
            }
        }
        line_start = line_start || text.ends_with('\n');
    }
    for i in lines {
        if let TokenKind::Literal(text, _) = &mut tokens[i].kind {
            let cut = text.grapheme_indices(true).nth(least).map_or(text.len(), |(at, _)| at);
            text.drain(..cut);
        }
    }
}

/// The tree of a sequence of tokens; literals side by side become one.
fn build(tokens: Vec<Token>) -> Vec<TemplatePart> {
    let mut tokens = tokens.into_iter();
    parts(&mut tokens).0
}

/// Parts up to the end or to an `else`, `endif` or `endfor`, which is returned.
fn parts(tokens: &mut std::vec::IntoIter<Token>) -> (Vec<TemplatePart>, Option<TokenKind>) {
    let mut out = Vec::new();
    while let Some(token) = tokens.next() {
        match token.kind {
            TokenKind::Literal(text, span) => push_literal(&mut out, text, span),
            TokenKind::Interpolation(expr) => out.push(TemplatePart::Interpolation(expr)),
            TokenKind::If(condition, span) => {
                let (truthy, end) = parts(tokens);
                let falsy =
                    if matches!(end, Some(TokenKind::Else)) { parts(tokens).0 } else { Vec::new() };
                out.push(TemplatePart::If { condition, truthy, falsy, span });
            }
            TokenKind::For { key, value, collection, span } => {
                let (body, _) = parts(tokens);
                out.push(TemplatePart::For { key, value, collection, body, span });
            }
            end @ (TokenKind::Else | TokenKind::EndIf | TokenKind::EndFor) => {
                return (out, Some(end));
            }
        }
    }
    (out, None)
}

fn push_literal(out: &mut Vec<TemplatePart>, text: String, span: Span) {
    if let Some(TemplatePart::Literal(before, before_span)) = out.last_mut() {
        let joined = format!("{before}{text}");
        *before = Str::from(joined);
        *before_span = before_span.to(span);
    } else {
        out.push(TemplatePart::Literal(Str::from(text), span));
    }
}

/// A template of text only is a string.
fn folded(mut parts: Vec<TemplatePart>, _span: Span) -> ExprKind {
    match &parts[..] {
        [] => ExprKind::Literal(Value::string("")),
        [TemplatePart::Literal(..)] => match parts.pop() {
            Some(TemplatePart::Literal(text, _)) => ExprKind::Literal(Value::String(text)),
            _ => ExprKind::Template(parts),
        },
        _ => ExprKind::Template(parts),
    }
}

/// `$${` stands for `${`, `%%{` for `%{`.
fn unescape_markers(text: &str) -> String {
    text.replace("$${", "${").replace("%%{", "%{")
}

/// Escapes of quoted strings. Wrong ones were refused by the parser.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '$', '%']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            out.push_str(&rest[1..3]);
            rest = &rest[3..];
            continue;
        }
        let mut chars = rest.chars();
        let first = chars.next().unwrap_or_default();
        if first != '\\' {
            out.push(first);
            rest = chars.as_str();
            continue;
        }
        let escape = chars.next().unwrap_or('\\');
        let digits = match escape {
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let after = chars.as_str();
        let hex = after.get(..digits).unwrap_or_default();
        match escape {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' | 'U' => out.push(
                u32::from_str_radix(hex, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
            ),
            other => out.push(other),
        }
        rest = &after[hex.len()..];
    }
    out.push_str(rest);
    out
}
