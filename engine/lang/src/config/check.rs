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
        let has_asserts = nested.iter().any(|block| block.ty == "assert");
        for nested in nested {
            if nested.ty == "assert" {
                check.asserts.extend(self.condition(nested));
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
        if !has_asserts {
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
