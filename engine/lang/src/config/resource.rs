//! `resource`, `data` and `ephemeral` blocks.

use kprov_core::{ResourceMode, ResourceName, Str};

use super::decoder::{BodySchema, Decoder};
use super::{Lifecycle, Resource};
use crate::ast::{Block, Body};

/// Arguments and blocks that mean the same for every resource.
const META: [&str; 4] = ["count", "for_each", "provider", "depends_on"];
const META_BLOCKS: [&str; 4] = ["lifecycle", "connection", "provisioner", "_"];

const BLOCKS: BodySchema = BodySchema {
    attributes: &[],
    blocks: &[
        ("lifecycle", &[]),
        ("connection", &[]),
        ("provisioner", &["type"]),
        ("_", &[]),
        ("locals", &[]),
    ],
};

/// The word that a block of the mode begins with.
fn keyword(mode: ResourceMode) -> &'static str {
    match mode {
        ResourceMode::Managed => "resource",
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => "ephemeral",
    }
}

impl Decoder<'_> {
    pub(super) fn resource(
        &mut self,
        block: &Block,
        mode: ResourceMode,
        in_check: Option<Str>,
    ) -> Option<Resource> {
        let [ty, name] = &block.labels[..] else { return None };
        let (bad_type, bad_name) = match mode {
            ResourceMode::Managed => ("Invalid resource type name", "Invalid resource name"),
            ResourceMode::Data => ("Invalid data source name", "Invalid data resource name"),
            ResourceMode::Ephemeral => {
                ("Invalid ephemeral resource type", "Invalid ephemeral resource name")
            }
        };
        let fine = self.check_name(bad_type, ty) & self.check_name(bad_name, name);
        let body = &block.body;
        let mut resource = Resource {
            name: ResourceName { mode, ty: ty.0.clone(), name: name.0.clone() },
            repetition: self.repetition(body),
            provider: body.attribute("provider").and_then(|it| self.provider_ref(&it.expr)),
            depends_on: self.depends_on(body),
            lifecycle: Lifecycle::default(),
            provisioners: Vec::new(),
            connection: None,
            body: own_body(body),
            in_check,
            span: block.header,
        };
        self.check_in_check(&resource, body);
        self.nested_meta(&mut resource, block);
        fine.then_some(resource)
    }

    /// A data source inside `check` has no lifecycle.
    fn check_in_check(&mut self, resource: &Resource, body: &Body) {
        if resource.in_check.is_none() {
            return;
        }
        for block in body.blocks_of("lifecycle") {
            self.error(
                "Invalid data resource block",
                "A data block inside a check block has no lifecycle.",
                block.header,
            );
        }
    }

    fn nested_meta(&mut self, resource: &mut Resource, block: &Block) {
        let mode = resource.name.mode;
        let (mut lifecycle, mut connection) = (None, None);
        for nested in self.blocks(&block.body, &BLOCKS) {
            match &*nested.ty {
                "lifecycle" => {
                    if self.second("lifecycle", &mut lifecycle, nested) {
                        continue;
                    }
                    resource.lifecycle = self.lifecycle(nested, mode);
                }
                "connection" | "provisioner" if mode != ResourceMode::Managed => {
                    self.reserved_block(nested, mode);
                }
                "connection" => {
                    if !self.second("connection", &mut connection, nested) {
                        resource.connection = Some(nested.body.clone());
                    }
                }
                "provisioner" => resource.provisioners.extend(self.provisioner(nested)),
                "locals" => self.reserved_block(nested, mode),
                // `_ { ... }` holds arguments whose names collide with the meta-arguments.
                _ => {
                    resource.body.attributes.extend(nested.body.attributes.iter().cloned());
                    resource.body.blocks.extend(nested.body.blocks.iter().cloned());
                }
            }
        }
    }

    /// Reports a second block of a type that may be there once.
    pub(super) fn second(
        &mut self,
        ty: &str,
        seen: &mut Option<crate::Span>,
        block: &Block,
    ) -> bool {
        let Some(first) = *seen else {
            *seen = Some(block.header);
            return false;
        };
        let line = self.sources.range(first).start.line;
        self.error(
            &format!("Duplicate {ty} block"),
            format!("This resource already has a {ty} block on line {line}."),
            block.header,
        );
        true
    }

    fn reserved_block(&mut self, block: &Block, mode: ResourceMode) {
        self.error(
            &format!("Reserved block type name in {} block", keyword(mode)),
            format!(
                "The block type name \"{}\" is reserved for use by Terraform in a future version.",
                block.ty
            ),
            block.ty_span,
        );
    }
}

/// What the provider's schema explains: all but the meta-arguments.
fn own_body(body: &Body) -> Body {
    Body {
        attributes: body
            .attributes
            .iter()
            .filter(|attribute| !META.contains(&&*attribute.name))
            .cloned()
            .collect(),
        blocks: body
            .blocks
            .iter()
            .filter(|block| !META_BLOCKS.contains(&&*block.ty) && block.ty != "locals")
            .cloned()
            .collect(),
        span: body.span,
    }
}
