//! [`Decoder`]: takes bodies apart by a schema and collects what is wrong with them.

use kprov_core::{Diagnostic, Diagnostics, Str};

use crate::ast::{Attribute, Block, Body};
use crate::{SourceMap, Span};

/// What may stand in a body.
pub(super) struct BodySchema {
    /// Arguments and whether they must be there.
    pub(super) attributes: &'static [(&'static str, bool)],
    /// Block types and what their labels are called.
    pub(super) blocks: &'static [(&'static str, &'static [&'static str])],
}

/// Problems, and places for them.
pub(super) struct Decoder<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) problems: Diagnostics,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(sources: &'a SourceMap) -> Decoder<'a> {
        Decoder { sources, problems: Diagnostics::new() }
    }

    pub(super) fn error(&mut self, summary: &str, detail: impl Into<String>, at: Span) {
        let range = self.sources.range(at);
        self.problems.push(Diagnostic::error(summary, detail).at(range));
    }

    pub(super) fn warning(&mut self, summary: &str, detail: impl Into<String>, at: Span) {
        let range = self.sources.range(at);
        self.problems.push(Diagnostic::warning(summary, detail).at(range));
    }

    /// Checks that nothing else stands in `body`, that what must be there is, and the labels of
    /// its blocks. Returns the blocks whose labels are right.
    pub(super) fn check<'b>(&mut self, body: &'b Body, schema: &BodySchema) -> Vec<&'b Block> {
        for attribute in &body.attributes {
            if !schema.attributes.iter().any(|(name, _)| attribute.name == *name) {
                self.unexpected_attribute(attribute, schema);
            }
        }
        self.check_required(body, schema);
        for block in &body.blocks {
            if !schema.blocks.iter().any(|(ty, _)| block.ty == *ty) {
                self.unexpected_block(block, schema);
            }
        }
        self.blocks(body, schema)
    }

    /// Like [`Decoder::check`], but what the schema does not name is left for others.
    pub(super) fn blocks<'b>(&mut self, body: &'b Body, schema: &BodySchema) -> Vec<&'b Block> {
        let known = |block: &&Block| schema.blocks.iter().find(|(ty, _)| block.ty == *ty);
        let mut found = Vec::new();
        for block in &body.blocks {
            if let Some((_, labels)) = known(&block)
                && self.check_labels(block, labels)
            {
                found.push(block);
            }
        }
        found
    }

    pub(super) fn check_required(&mut self, body: &Body, schema: &BodySchema) {
        for (name, _) in schema.attributes.iter().filter(|(_, required)| *required) {
            if body.attribute(name).is_none() {
                self.error(
                    "Missing required argument",
                    format!("The argument \"{name}\" is required, but no definition was found."),
                    open_brace(body.span),
                );
            }
        }
    }

    fn unexpected_attribute(&mut self, attribute: &Attribute, schema: &BodySchema) {
        let name = &attribute.name;
        let known = schema.attributes.iter().map(|(known, _)| *known);
        let hint = if schema.blocks.iter().any(|(ty, _)| name == ty) {
            format!(" Did you mean to define a block of type \"{name}\"?")
        } else {
            did_you_mean(name, known)
        };
        self.error(
            "Unsupported argument",
            format!("An argument named \"{name}\" is not expected here.{hint}"),
            attribute.name_span,
        );
    }

    pub(super) fn unexpected_block(&mut self, block: &Block, schema: &BodySchema) {
        let ty = &block.ty;
        let known = schema.blocks.iter().map(|(known, _)| *known);
        let hint = if schema.attributes.iter().any(|(name, _)| ty == name) {
            format!(
                " Did you mean to define argument \"{ty}\"? If so, use the equals sign to assign \
                 it a value."
            )
        } else {
            did_you_mean(ty, known)
        };
        self.error(
            "Unsupported block type",
            format!("Blocks of type \"{ty}\" are not expected here.{hint}"),
            block.ty_span,
        );
    }

    fn check_labels(&mut self, block: &Block, names: &[&str]) -> bool {
        let ty = &block.ty;
        if let Some((_, extra)) = block.labels.get(names.len()) {
            let detail = if names.is_empty() {
                format!("No labels are expected for {ty} blocks.")
            } else {
                let (count, list) = (names.len(), names.join(", "));
                format!("Only {count} labels ({list}) are expected for {ty} blocks.")
            };
            self.error(&format!("Extraneous label for {ty}"), detail, *extra);
            return false;
        }
        if let Some(missing) = names.get(block.labels.len()) {
            let (count, list) = (names.len(), names.join(", "));
            let detail = format!("All {ty} blocks must have {count} labels ({list}).");
            let at = open_brace(block.body.span);
            self.error(&format!("Missing {missing} for {ty}"), detail, at);
            return false;
        }
        true
    }

    /// Is the label a name? If not, says so.
    pub(super) fn check_name(&mut self, summary: &str, label: &(Str, Span)) -> bool {
        let fine = crate::syntax::is_identifier(&label.0);
        if !fine {
            self.error(summary, BAD_NAME, label.1);
        }
        fine
    }
}

/// What Terraform says about a name with other characters in it.
pub(super) const BAD_NAME: &str = "A name must start with a letter or underscore and may contain \
                                   only letters, digits, underscores, and dashes.";

/// Where something is missing: the brace that opens the body.
pub(super) fn open_brace(body: Span) -> Span {
    Span { end: body.start + u32::from(body.end > body.start), ..body }
}

/// ` Did you mean "x"?`, or nothing.
pub(super) fn did_you_mean<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let best = known
        .into_iter()
        .map(|name| (distance(given, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min();
    best.map_or_else(String::new, |(_, name)| format!(" Did you mean \"{name}\"?"))
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    if a.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
