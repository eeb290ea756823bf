//! `output` blocks.

use super::Output;
use super::decoder::{BodySchema, Decoder};
use crate::ast::Block;

const SCHEMA: BodySchema = BodySchema {
    attributes: &[
        ("description", false),
        ("value", true),
        ("depends_on", false),
        ("sensitive", false),
        ("ephemeral", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

impl Decoder<'_> {
    pub(super) fn output(&mut self, block: &Block) -> Option<Output> {
        let label = block.labels.first()?;
        let fine = self.check_name("Invalid output name", label);
        let nested = self.check(&block.body, &SCHEMA);
        let mut preconditions = Vec::new();
        for rule in nested {
            if rule.ty == "postcondition" {
                self.error(
                    "Postconditions are not allowed",
                    "Output values can only have preconditions, not postconditions.",
                    rule.header,
                );
            } else {
                preconditions.extend(self.condition(rule));
            }
        }
        let body = &block.body;
        let output = Output {
            name: label.0.clone(),
            description: self.string(body, "description"),
            sensitive: self.bool(body, "sensitive").unwrap_or(false),
            ephemeral: self.bool(body, "ephemeral").unwrap_or(false),
            depends_on: self.depends_on(body),
            preconditions,
            value: body.attribute("value")?.expr.clone(),
            span: block.header,
        };
        fine.then_some(output)
    }
}
