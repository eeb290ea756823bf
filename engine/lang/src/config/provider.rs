//! `provider` blocks.

use super::ProviderBlock;
use super::decoder::Decoder;
use crate::ast::{Block, Body};

/// Arguments that Terraform keeps for itself.
const RESERVED: [&str; 3] = ["count", "depends_on", "for_each"];

impl Decoder<'_> {
    pub(super) fn provider(&mut self, block: &Block) -> Option<ProviderBlock> {
        let (name, name_span) = block.labels.first()?;
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            || name.is_empty()
        {
            self.error(
                "Invalid provider local name",
                format!(
                    "{name:?} is not a name for a provider: use lower case letters, digits \
                         and dashes."
                ),
                *name_span,
            );
            return None;
        }
        let alias = self.string(&block.body, "alias");
        if let (Some(alias), Some(attribute)) = (&alias, block.body.attribute("alias"))
            && !crate::syntax::is_identifier(alias)
        {
            self.error(
                "Invalid provider configuration alias",
                format!("An alias must be a valid name. {}", super::decoder::BAD_NAME),
                attribute.expr.span,
            );
        }
        if let Some(version) = block.body.attribute("version") {
            self.warning(
                "Version constraints inside provider configuration blocks are deprecated",
                "Declare the version in required_providers of the terraform block instead.",
                version.expr.span,
            );
        }
        for attribute in &block.body.attributes {
            if RESERVED.contains(&&*attribute.name) {
                self.error(
                    "Reserved argument name in provider block",
                    format!(
                        "The provider argument name \"{}\" is reserved for use by Terraform in a \
                         future version.",
                        attribute.name
                    ),
                    attribute.name_span,
                );
            }
        }
        for nested in &block.body.blocks {
            if matches!(&*nested.ty, "lifecycle" | "locals") {
                self.error(
                    "Reserved block type name in provider block",
                    format!(
                        "The block type name \"{}\" is reserved for use by Terraform in a future \
                         version.",
                        nested.ty
                    ),
                    nested.ty_span,
                );
            }
        }
        let own = |name: &str| name != "alias" && name != "version" && !RESERVED.contains(&name);
        let body = Body {
            attributes: block.body.attributes.iter().filter(|it| own(&it.name)).cloned().collect(),
            blocks: block.body.blocks.clone(),
            span: block.body.span,
        };
        Some(ProviderBlock { name: name.clone(), alias, body, span: block.header })
    }
}
