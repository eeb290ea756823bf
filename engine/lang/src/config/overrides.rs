//! Override files: `override.tf` and `*_override.tf` change blocks that stand in other files.
//!
//! Merging is done on the syntax tree, before blocks are decoded: an argument replaces the one of
//! that name, a nested block replaces all nested blocks of its type, except for `lifecycle`, which
//! is merged argument by argument.

use super::decoder::Decoder;
use crate::ast::{Attribute, Block, Body};

impl Decoder<'_> {
    /// Merges one block of an override file into the blocks of the module.
    pub(super) fn override_block(&mut self, blocks: &mut Vec<Block>, block: Block) {
        match &*block.ty {
            "locals" => self.override_locals(blocks, block),
            "terraform" => override_terraform(blocks, block),
            "moved" | "import" | "removed" | "check" => self.error(
                &format!("Cannot override '{}' blocks", block.ty),
                format!(
                    "A \"{}\" block can be written in normal configuration files only, not in \
                     override files.",
                    block.ty
                ),
                block.header,
            ),
            _ => self.override_named(blocks, block),
        }
    }

    fn override_named(&mut self, blocks: &mut Vec<Block>, block: Block) {
        if let Some(attribute) = block.body.attribute("depends_on")
            && matches!(&*block.ty, "resource" | "data" | "ephemeral" | "module" | "output")
        {
            self.error(
                "Unsupported override",
                "The depends_on argument may not be overridden.",
                attribute.name_span,
            );
            return;
        }
        let same = |base: &&mut Block| base.ty == block.ty && same_labels(base, &block);
        if let Some(base) = blocks.iter_mut().find(same) {
            merge(&mut base.body, block.body, merged_as_a_whole);
            return;
        }
        if block.ty == "provider" && block.body.attribute("alias").is_none() {
            // Every provider has an empty default configuration, which can be overridden.
            blocks.push(block);
            return;
        }
        let (summary, noun) = match &*block.ty {
            "variable" => ("Missing base variable declaration to override", "variable"),
            "output" => ("Missing base output definition to override", "output"),
            "module" => ("Missing module call to override", "module call"),
            "data" => ("Missing data resource to override", "data resource"),
            "provider" => ("Missing base provider configuration for override", "provider"),
            _ => ("Missing resource to override", "resource"),
        };
        let labels: Vec<&str> = block.labels.iter().map(|(label, _)| &**label).collect();
        self.error(
            summary,
            format!(
                "There is no {noun} {}. An override file can only override a block defined in a \
                 primary configuration file.",
                labels.join(".")
            ),
            block.header,
        );
    }

    fn override_locals(&mut self, blocks: &mut [Block], block: Block) {
        for attribute in block.body.attributes {
            let mut bases = blocks.iter_mut().filter(|base| base.ty == "locals");
            if !bases.any(|base| replace(&mut base.body, &attribute)) {
                self.error(
                    "Missing base local value definition to override",
                    format!(
                        "There is no local value named \"{}\". An override file can only override \
                         a local value defined in a primary configuration file.",
                        attribute.name
                    ),
                    attribute.name_span,
                );
            }
        }
    }
}

/// Provider configurations are told apart by `alias` too.
fn same_labels(base: &Block, block: &Block) -> bool {
    let names = |block: &Block| -> Vec<kprov_core::Str> {
        block.labels.iter().map(|(label, _)| label.clone()).collect()
    };
    let alias = |block: &Block| {
        let alias = block.body.attribute("alias")?;
        super::constant::literal(&alias.expr)?.as_str().map(str::to_owned)
    };
    names(base) == names(block) && (block.ty != "provider" || alias(base) == alias(block))
}

/// Versions asked for replace those of all other files; providers replace by name.
fn override_terraform(blocks: &mut Vec<Block>, mut block: Block) {
    let overrides_version = block.body.attribute("required_version").is_some();
    let overrides_backend =
        block.body.blocks.iter().any(|nested| matches!(&*nested.ty, "backend" | "cloud"));
    let providers: Vec<Attribute> = block
        .body
        .blocks_of("required_providers")
        .flat_map(|nested| nested.body.attributes.iter().cloned())
        .collect();
    for base in blocks.iter_mut().filter(|base| base.ty == "terraform") {
        if overrides_version {
            base.body.attributes.retain(|it| it.name != "required_version");
        }
        if overrides_backend {
            base.body.blocks.retain(|nested| !matches!(&*nested.ty, "backend" | "cloud"));
        }
        for nested in &mut base.body.blocks {
            if nested.ty == "required_providers" {
                nested
                    .body
                    .attributes
                    .retain(|old| !providers.iter().any(|new| new.name == old.name));
            }
        }
    }
    block.body.attributes.retain(|it| it.name != "experiments");
    blocks.push(block);
}

/// Is the nested block merged into the one that is there?
fn merged_as_a_whole(ty: &str) -> bool {
    ty != "lifecycle"
}

fn merge(base: &mut Body, over: Body, whole: fn(&str) -> bool) {
    if over.attribute("count").is_some() {
        base.attributes.retain(|attribute| attribute.name != "for_each");
    }
    if over.attribute("for_each").is_some() {
        base.attributes.retain(|attribute| attribute.name != "count");
    }
    for attribute in over.attributes {
        if !replace(base, &attribute) {
            base.attributes.push(attribute);
        }
    }
    let mut replaced: Vec<kprov_core::Str> = Vec::new();
    for block in over.blocks {
        if !whole(&block.ty)
            && let Some(old) = base.blocks.iter_mut().find(|old| old.ty == block.ty)
        {
            merge(&mut old.body, block.body, |_| true);
            continue;
        }
        if !replaced.contains(&block.ty) {
            base.blocks.retain(|old| old.ty != block.ty);
            replaced.push(block.ty.clone());
        }
        base.blocks.push(block);
    }
}

/// Replaces the attribute of that name, if there is one.
fn replace(base: &mut Body, attribute: &Attribute) -> bool {
    let Some(old) = base.attributes.iter_mut().find(|old| old.name == attribute.name) else {
        return false;
    };
    *old = attribute.clone();
    true
}
