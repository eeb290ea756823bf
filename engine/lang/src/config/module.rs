//! One module: the blocks of all its files, overrides merged, decoded into [`Module`].

use kprov_core::{ResourceMode, Str};

use super::decoder::{BodySchema, Decoder};
use super::{Local, Module, Resource};
use crate::Span;
use crate::ast::{Block, Body};

/// What may stand at the top of a file.
pub(super) const FILE: BodySchema = BodySchema {
    attributes: &[],
    blocks: &[
        ("terraform", &[]),
        ("required_providers", &[]),
        ("provider", &["name"]),
        ("variable", &["name"]),
        ("locals", &[]),
        ("output", &["name"]),
        ("module", &["name"]),
        ("resource", &["type", "name"]),
        ("data", &["type", "name"]),
        ("ephemeral", &["type", "name"]),
        ("moved", &[]),
        ("import", &[]),
        ("check", &["name"]),
        ("removed", &[]),
    ],
};

impl Decoder<'_> {
    /// Decodes the bodies of a module's files, in the order of their names.
    pub(super) fn module(&mut self, dir: &str, files: Vec<Body>, overrides: Vec<Body>) -> Module {
        let mut blocks: Vec<Block> =
            files.into_iter().flat_map(|file| self.top_level(file)).collect();
        for file in overrides {
            for block in self.top_level(file) {
                self.override_block(&mut blocks, block);
            }
        }
        let mut module = Module { dir: dir.to_owned(), ..Module::default() };
        for block in &blocks {
            self.top_level_block(block, &mut module);
        }
        self.check_provider_names(&module);
        self.check_imports(&module);
        module
    }

    /// The blocks of a file that may stand there and have the right labels.
    fn top_level(&mut self, file: Body) -> Vec<Block> {
        let fine: Vec<u32> =
            self.check(&file, &FILE).into_iter().map(|block| block.span.start).collect();
        // Both are in the order of the file.
        let mut fine = fine.into_iter().peekable();
        let mut is_fine =
            |block: &Block| fine.next_if(|start| *start == block.span.start).is_some();
        file.blocks.into_iter().filter(|block| is_fine(block)).collect()
    }

    fn top_level_block(&mut self, block: &Block, module: &mut Module) {
        match &*block.ty {
            "terraform" => self.terraform_block(block, module),
            "required_providers" => self.error(
                "Invalid required_providers block",
                "A \"required_providers\" block must be nested inside a \"terraform\" block.",
                block.ty_span,
            ),
            "provider" => self.add_provider(block, module),
            "variable" => {
                let Some(variable) = self.variable(block) else { return };
                if let Some(first) = module.variables.get(&variable.name) {
                    self.duplicate("variable declaration", "variable", block, first.span);
                } else {
                    module.variables.insert(variable.name.clone(), variable);
                }
            }
            "locals" => self.locals(block, module),
            "output" => {
                let Some(output) = self.output(block) else { return };
                if let Some(first) = module.outputs.get(&output.name) {
                    self.duplicate("output definition", "output", block, first.span);
                } else {
                    module.outputs.insert(output.name.clone(), output);
                }
            }
            "module" => {
                let Some(call) = self.module_call(block) else { return };
                if let Some(first) = module.calls.get(&call.name) {
                    self.duplicate("module call", "module call", block, first.span);
                } else {
                    module.calls.insert(call.name.clone(), call);
                }
            }
            "resource" => self.add_resource(block, ResourceMode::Managed, module),
            "data" => self.add_resource(block, ResourceMode::Data, module),
            "ephemeral" => self.add_resource(block, ResourceMode::Ephemeral, module),
            "moved" => module.moved.extend(self.moved(block)),
            "removed" => module.removed.extend(self.removed(block)),
            "import" => module.imports.extend(self.import(block)),
            _ => self.add_check(block, module),
        }
    }

    fn duplicate(&mut self, what: &str, noun: &str, block: &Block, first: Span) {
        let place = self.sources.range(first);
        let name = super::variable::first_label(block);
        self.error(
            &format!("Duplicate {what}"),
            format!(
                "A {noun} named \"{name}\" was already defined at {}:{},{}. Names must be unique \
                 within a module.",
                place.filename, place.start.line, place.start.column
            ),
            block.header,
        );
    }

    fn add_resource(&mut self, block: &Block, mode: ResourceMode, module: &mut Module) {
        if let Some(resource) = self.resource(block, mode, None) {
            self.insert_resource(resource, block, module);
        }
    }

    fn insert_resource(&mut self, resource: Resource, block: &Block, module: &mut Module) {
        let summary = match resource.name.mode {
            ResourceMode::Managed => "resource configuration",
            ResourceMode::Data => "data configuration",
            ResourceMode::Ephemeral => "ephemeral configuration",
        };
        if let Some(first) = module.resources.get(&resource.name) {
            let place = self.sources.range(first.span);
            self.error(
                &format!("Duplicate {summary}"),
                format!(
                    "{} was already declared at {}:{},{}. Resource names must be unique per type \
                     in each module.",
                    resource.name, place.filename, place.start.line, place.start.column
                ),
                block.header,
            );
        } else {
            module.resources.insert(resource.name.clone(), resource);
        }
    }

    fn add_check(&mut self, block: &Block, module: &mut Module) {
        let Some((check, data)) = self.check_block(block) else { return };
        if let Some(data) = data {
            self.insert_resource(data, block, module);
        }
        if let Some(first) = module.checks.get(&check.name) {
            self.duplicate("check configuration", "check", block, first.span);
        } else {
            module.checks.insert(check.name.clone(), check);
        }
    }

    fn add_provider(&mut self, block: &Block, module: &mut Module) {
        let Some(provider) = self.provider(block) else { return };
        let key = (provider.name.clone(), provider.alias.clone());
        let Some(first) = module.providers.get(&key) else {
            module.providers.insert(key, provider);
            return;
        };
        let place = self.sources.range(first.span);
        let which = match &provider.alias {
            None => "A default (non-aliased) configuration of the provider".to_owned(),
            Some(alias) => format!("A configuration of the provider with alias \"{alias}\""),
        };
        self.error(
            "Duplicate provider configuration",
            format!(
                "{which} \"{}\" was already given at {}:{},{}. If multiple configurations are \
                 required, set the \"alias\" argument for alternative configurations.",
                provider.name, place.filename, place.start.line, place.start.column
            ),
            block.header,
        );
    }

    fn locals(&mut self, block: &Block, module: &mut Module) {
        for nested in &block.body.blocks {
            self.error(
                &format!("Unexpected \"{}\" block", nested.ty),
                "Blocks are not allowed here: a local value is an argument, NAME = EXPRESSION.",
                nested.ty_span,
            );
        }
        for attribute in &block.body.attributes {
            let local = Local { expr: attribute.expr.clone(), span: attribute.span };
            let Some(first) = module.locals.get(&attribute.name) else {
                module.locals.insert(attribute.name.clone(), local);
                continue;
            };
            let place = self.sources.range(first.span);
            self.error(
                "Duplicate local value definition",
                format!(
                    "A local value named \"{}\" was already defined at {}:{},{}. Local value \
                     names must be unique within a module.",
                    attribute.name, place.filename, place.start.line, place.start.column
                ),
                attribute.name_span,
            );
        }
    }

    /// Two local names for one provider make it unclear whose configuration is meant.
    fn check_provider_names(&mut self, module: &Module) {
        let mut seen: std::collections::BTreeMap<_, &Str> = std::collections::BTreeMap::new();
        for (name, required) in &module.required_providers {
            if let Some(first) = seen.insert(&required.source, name) {
                self.warning(
                    "Duplicate required provider",
                    format!(
                        "Provider {} was already required with the local name \"{first}\"; \
                         \"{name}\" names it too.",
                        required.source
                    ),
                    required.span,
                );
            }
        }
    }
}
