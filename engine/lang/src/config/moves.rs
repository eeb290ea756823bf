//! `moved`, `removed` and `import` blocks.

use std::collections::BTreeMap;

use kprov_core::addr::Target;
use kprov_core::{InstanceKey, ResourceMode};

use super::decoder::{BodySchema, Decoder};
use super::references::target_of;
use super::{Import, Module, Moved, Removed};
use crate::Span;
use crate::ast::{Block, ExprKind, StepKind};

const MOVED: BodySchema = BodySchema { attributes: &[("from", true), ("to", true)], blocks: &[] };

const REMOVED: BodySchema = BodySchema {
    attributes: &[("from", true)],
    blocks: &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"])],
};

const REMOVED_LIFECYCLE: BodySchema = BodySchema { attributes: &[("destroy", false)], blocks: &[] };

const IMPORT: BodySchema = BodySchema {
    attributes: &[("id", true), ("to", true), ("for_each", false), ("provider", false)],
    blocks: &[],
};

impl Decoder<'_> {
    pub(super) fn moved(&mut self, block: &Block) -> Option<Moved> {
        self.check(&block.body, &MOVED);
        let from = block.body.attribute("from").and_then(|it| self.target(&it.expr));
        let to = block.body.attribute("to").and_then(|it| self.target(&it.expr));
        let (from, to) = (from?, to?);
        if matches!(&from, Target::Module(_)) != matches!(&to, Target::Module(_)) {
            self.error(
                "Invalid \"moved\" addresses",
                "The \"from\" and \"to\" addresses must either both refer to resources or both \
                 refer to modules.",
                block.header,
            );
            return None;
        }
        Some(Moved { from, to, span: block.header })
    }

    /// Only managed resources have objects that can be removed from the state.
    fn managed(&mut self, target: &Target, at: Span) -> bool {
        let managed = match target {
            Target::Module(_) => true,
            Target::Resource(instance) => instance.resource.mode == ResourceMode::Managed,
        };
        if !managed {
            self.error(
                "Data source address not allowed",
                "Only managed resources have objects in the state that can be removed; data sources and ephemeral resources are read again each time.",
                at,
            );
        }
        managed
    }

    pub(super) fn removed(&mut self, block: &Block) -> Option<Removed> {
        let mut destroy = true;
        let mut provisioners = Vec::new();
        for nested in self.check(&block.body, &REMOVED) {
            match &*nested.ty {
                "lifecycle" => {
                    self.check(&nested.body, &REMOVED_LIFECYCLE);
                    destroy = self.bool(&nested.body, "destroy").unwrap_or(true);
                }
                "provisioner" => {
                    let Some(provisioner) = self.provisioner(nested) else { continue };
                    if provisioner.on_destroy {
                        provisioners.push(provisioner);
                    } else {
                        self.error(
                            "Invalid removed.provisioner block",
                            "Only destroy-time provisioners are valid in \"removed\" blocks. To \
                             declare a destroy-time provisioner, set: when = destroy",
                            nested.header,
                        );
                    }
                }
                _ => {}
            }
        }
        let from = &block.body.attribute("from")?.expr;
        let target = self.target(from)?;
        if !self.managed(&target, from.span) || self.has_keys(&target, from.span) {
            return None;
        }
        if let (Target::Module(_), Some(provisioner)) = (&target, provisioners.first()) {
            self.error(
                "Invalid provisioner block",
                "A provisioner can run for a resource only: \"from\" names a module.",
                provisioner.span,
            );
            return None;
        }
        Some(Removed { from: target, destroy, provisioners, span: block.header })
    }

    /// `removed` speaks of a block, which is gone with all its instances.
    fn has_keys(&mut self, target: &Target, at: Span) -> bool {
        let (module, key) = match target {
            Target::Module(module) => (module, &InstanceKey::None),
            Target::Resource(instance) => (&instance.module, &instance.key),
        };
        if *key != InstanceKey::None {
            self.error(
                "Resource instance keys not allowed",
                "Resource address must be a resource (e.g. \"test_instance.foo\"), not a resource \
                 instance (e.g. \"test_instance.foo[1]\").",
                at,
            );
            return true;
        }
        if module.0.iter().any(|(_, key)| *key != InstanceKey::None) {
            self.error(
                "Module instance keys not allowed",
                "Module address must be a module (e.g. \"module.foo\"), not a module instance \
                 (e.g. \"module.foo[1]\").",
                at,
            );
            return true;
        }
        false
    }

    pub(super) fn import(&mut self, block: &Block) -> Option<Import> {
        self.check(&block.body, &IMPORT);
        let body = &block.body;
        let to = body.attribute("to");
        let fine = to.is_some_and(|to| self.check_import_address(to));
        if let Some(provider) = body.attribute("provider")
            && matches!(provider.expr.kind, ExprKind::Literal(_))
        {
            self.error(
                "Invalid import provider argument",
                "The \"provider\" argument takes a reference without quotes.",
                provider.expr.span,
            );
        }
        let import = Import {
            to: to?.expr.clone(),
            id: body.attribute("id")?.expr.clone(),
            for_each: body.attribute("for_each").map(|it| it.expr.clone()),
            provider: body.attribute("provider").and_then(|it| self.provider_ref(&it.expr)),
            span: block.header,
        };
        fine.then_some(import)
    }

    /// The address of one instance; its index expressions are evaluated later.
    /// An instance has one import block. Those with `each` are compared when it is known.
    pub(super) fn check_imports(&mut self, module: &Module) {
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for import in &module.imports {
            let ExprKind::Reference(reference) = &import.to.kind else { continue };
            let Ok(Target::Resource(addr)) = target_of(reference) else { continue };
            let addr = addr.to_string();
            let Some(first) = seen.get(&addr) else {
                seen.insert(addr, import.span);
                continue;
            };
            let at = self.sources.range(*first);
            self.error(
                "Duplicate import configuration",
                format!(
                    "An import block for {addr} was already declared at {}:{},{}. A resource \
                     instance can have only one import block.",
                    at.filename, at.start.line, at.start.column
                ),
                import.to.span,
            );
        }
    }

    fn check_import_address(&mut self, to: &crate::ast::Attribute) -> bool {
        const DETAIL: &str = "The \"to\" argument takes the address of a resource instance to \
                              import to, such as aws_instance.a or module.b.aws_instance.c[\"d\"].";
        let ExprKind::Reference(reference) = &to.expr.kind else {
            self.error(
                "Invalid expression",
                "A single static variable reference is required: only attribute access and \
                 indexing.",
                to.expr.span,
            );
            self.error("Invalid import address", DETAIL, to.name_span);
            return false;
        };
        let mut names = vec![&*reference.root];
        for step in &reference.steps {
            match &step.kind {
                StepKind::Attribute(name) => names.push(name),
                StepKind::Index(_) | StepKind::LegacyIndex(_) => {}
                StepKind::Splat(_) => names.clear(),
            }
        }
        let mut rest = &names[..];
        while let ["module", _, behind @ ..] = rest {
            rest = behind;
        }
        let fine = rest.len() == 2 && !matches!(rest[0], "data" | "ephemeral");
        if !fine {
            if rest.is_empty() {
                self.error("Invalid address", "A module cannot be imported to.", to.expr.span);
            }
            self.error("Invalid import address", DETAIL, to.expr.span);
        }
        fine
    }
}
