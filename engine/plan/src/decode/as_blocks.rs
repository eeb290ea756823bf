//! Attributes that are written as blocks: `ingress { ... }` where the schema has an attribute
//! `ingress` of type `set(object({...}))`.
//!
//! Providers older than nested attributes declare "optional, and computed where nothing is written"
//! that way (`aws_security_group.ingress`, `aws_route_table.route`), and Terraform takes both
//! `ingress = [...]` and `ingress { ... }` for them. What must hold: blocks mean the list or set of
//! objects that they spell, with nulls for arguments that are left out; no block and no argument
//! means null, so that the provider decides.

use std::collections::BTreeMap;

use kprov_core::Type;
use kprov_lang::ast::Body;
use kprov_provider::{Attribute, Block, NestedBlock, Nesting};

/// The blocks that an attribute can be written as; `None` where its type is no collection of
/// objects or nobody may set it.
pub(super) fn as_blocks(attribute: &Attribute) -> Option<NestedBlock> {
    if !attribute.required && !attribute.optional {
        return None;
    }
    let (nesting, element) = match &attribute.ty {
        Type::List(element) => (Nesting::List, element),
        Type::Set(element) => (Nesting::Set, element),
        _ => return None,
    };
    let Type::Object(object) = &**element else { return None };
    let attributes: BTreeMap<_, _> = object
        .attributes()
        .iter()
        .map(|(name, ty)| (name.clone(), Attribute::new(ty.clone()).optional()))
        .collect();
    Some(NestedBlock {
        nesting,
        block: Block { attributes, ..Block::default() },
        min_items: 0,
        max_items: 0,
        force_new: false,
    })
}

/// Does `body` have blocks of that name, dynamic ones included?
pub(super) fn has_blocks(body: &Body, name: &str) -> bool {
    body.blocks.iter().any(|block| {
        block.ty == *name
            || block.ty == "dynamic" && block.labels.first().is_some_and(|label| label.0 == *name)
    })
}
