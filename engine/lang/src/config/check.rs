//! `check` blocks.

use kprov_core::ResourceMode;

use super::decoder::{BodySchema, Decoder, open_brace};
use super::{Check, Resource};
use crate::ast::Block;

const SCHEMA: BodySchema =
    BodySchema { attributes: &[], blocks: &[("data", &["type", "name"]), ("assert", &[])] };

impl Decoder<'_> {
    /// The check and its data source.
    pub(super) fn check_block(&mut self, block: &Block) -> Option<(Check, Option<Resource>)> {
        let label = block.labels.first()?;
        let fine = self.check_name("Invalid check block name", label);
        let mut check =
            Check { name: label.0.clone(), data: None, asserts: Vec::new(), span: block.header };
        let mut data: Option<Resource> = None;
        let nested = self.check(&block.body, &SCHEMA);
        for nested in nested {
            if nested.ty == "assert" {
                check.asserts.extend(self.condition(nested));
            } else if let Some(repeated) =
                ["count", "for_each"].iter().find_map(|name| nested.body.attribute(name))
            {
                self.error(
                    &format!("Invalid \"{}\" attribute", repeated.name),
                    "The \"count\" and \"for_each\" meta-arguments are not supported within a \
                     data block inside a check block.",
                    repeated.name_span,
                );
            } else if data.is_some() {
                self.error(
                    "Multiple data resource blocks",
                    "A check block can hold one data block at most. Put others into check blocks \
                     of their own.",
                    nested.header,
                );
            } else {
                data = self.resource(nested, ResourceMode::Data, Some(label.0.clone()));
            }
        }
        if check.asserts.is_empty() {
            self.error(
                "Zero assert blocks",
                "Check blocks must have at least one assert block.",
                open_brace(block.body.span),
            );
        }
        check.data = data.as_ref().map(|data| data.name.clone());
        fine.then_some((check, data))
    }
}
