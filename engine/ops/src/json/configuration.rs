//! `configuration` of the plan format: the configuration itself, with each expression as a constant
//! or as the references it makes. Policy tools read it.

use kprov_core::{ModulePath, ResourceName, Str};
use kprov_lang::SourceMap;
use kprov_lang::ast::{Body, Expr, Reference};
use kprov_lang::config::{Module, ModuleCall, ModuleTree, Output, Repetition, Resource, Variable};
use kprov_lang::eval::{evaluate_constant, references};
use kprov_provider::{Block, Nesting, Registry};
use serde_json::{Map, Value as Json, json};

use super::bools::known_part;
use super::reference::reference_texts;

/// What the configuration is shown from.
#[derive(Debug)]
pub struct Configuration<'a> {
    /// All modules.
    pub tree: &'a ModuleTree,
    /// Their texts.
    pub sources: &'a SourceMap,
    /// For the blocks of resources.
    pub registry: &'a Registry,
}

impl Configuration<'_> {
    /// The whole `configuration` object.
    pub fn json(&self) -> Json {
        let mut out = Map::new();
        let mut providers = Map::new();
        for (path, module) in &self.tree.modules {
            self.providers(path, module, &mut providers);
        }
        if !providers.is_empty() {
            out.insert("provider_config".to_owned(), Json::Object(providers));
        }
        out.insert("root_module".to_owned(), Json::Object(self.module(&ModulePath::root())));
        Json::Object(out)
    }

    fn providers(&self, path: &ModulePath, module: &Module, out: &mut Map<String, Json>) {
        for ((name, alias), block) in &module.providers {
            let mut entry = Map::new();
            entry.insert("name".to_owned(), json!(name.as_str()));
            let provider = provider_addr(module, name);
            entry.insert("full_name".to_owned(), json!(provider.to_string()));
            if let Some(alias) = alias {
                entry.insert("alias".to_owned(), json!(alias.as_str()));
            }
            if !path.is_root() {
                entry.insert("module_address".to_owned(), json!(path.to_string()));
            }
            let schema = self.registry.get(&provider).map(|p| &p.schema().provider.block);
            let expressions = self.body(&block.body, schema);
            if !expressions.is_empty() {
                entry.insert("expressions".to_owned(), Json::Object(expressions));
            }
            out.insert(provider_key(path, name, alias.as_ref()), Json::Object(entry));
        }
    }

    fn module(&self, path: &ModulePath) -> Map<String, Json> {
        let Some(module) = self.tree.modules.get(path) else { return Map::new() };
        let mut out = Map::new();
        let mut put = |name: &str, entries: Map<String, Json>| {
            if !entries.is_empty() {
                out.insert(name.to_owned(), Json::Object(entries));
            }
        };
        let outputs = module.outputs.iter();
        put("outputs", outputs.map(|(name, o)| (name.to_string(), self.output(o))).collect());
        let calls = module.calls.iter();
        put("module_calls", calls.map(|(n, c)| (n.to_string(), self.call(path, c))).collect());
        let variables = module.variables.iter();
        put("variables", variables.map(|(name, v)| (name.to_string(), variable(v))).collect());
        let resources: Vec<Json> = module
            .resources
            .iter()
            .map(|(name, resource)| self.resource(path, module, name, resource))
            .collect();
        if !resources.is_empty() {
            out.insert("resources".to_owned(), Json::Array(resources));
        }
        out
    }

    fn output(&self, output: &Output) -> Json {
        let mut out = Map::new();
        if output.sensitive {
            out.insert("sensitive".to_owned(), json!(true));
        }
        if output.ephemeral {
            out.insert("ephemeral".to_owned(), json!(true));
        }
        out.insert("expression".to_owned(), self.expression(&output.value));
        depends_on(&mut out, &output.depends_on, self.sources);
        if let Some(description) = &output.description {
            out.insert("description".to_owned(), json!(description.as_str()));
        }
        Json::Object(out)
    }

    fn call(&self, path: &ModulePath, call: &ModuleCall) -> Json {
        let mut out = Map::new();
        out.insert("source".to_owned(), json!(call.source.as_str()));
        let expressions = self.body(&call.arguments, None);
        if !expressions.is_empty() {
            out.insert("expressions".to_owned(), Json::Object(expressions));
        }
        self.repetition(&mut out, &call.repetition);
        out.insert("module".to_owned(), Json::Object(self.module(&path.child(&call.name))));
        if let Some(version) = &call.version {
            out.insert("version_constraint".to_owned(), json!(version.as_str()));
        }
        depends_on(&mut out, &call.depends_on, self.sources);
        Json::Object(out)
    }

    fn resource(
        &self,
        path: &ModulePath,
        module: &Module,
        name: &ResourceName,
        resource: &Resource,
    ) -> Json {
        let mut out = Map::new();
        out.insert("address".to_owned(), json!(name.to_string()));
        out.insert("mode".to_owned(), json!(super::values::mode(name.mode)));
        out.insert("type".to_owned(), json!(name.ty.as_str()));
        out.insert("name".to_owned(), json!(name.name.as_str()));
        let (local, alias) = match &resource.provider {
            Some(chosen) => (chosen.name.clone(), chosen.alias.clone()),
            None => (Str::from(name.ty.split('_').next().unwrap_or_default()), None),
        };
        let key = provider_key(path, &local, alias.as_ref());
        out.insert("provider_config_key".to_owned(), json!(key));
        let provider = self.registry.get(&provider_addr(module, &local));
        let schema = provider.and_then(|provider| match name.mode {
            kprov_core::ResourceMode::Managed => {
                provider.schema().resources.get(&name.ty).map(|r| &r.schema)
            }
            kprov_core::ResourceMode::Data => provider.schema().data_sources.get(&name.ty),
            kprov_core::ResourceMode::Ephemeral => provider.schema().ephemerals.get(&name.ty),
        });
        let provisioners: Vec<Json> = resource
            .provisioners
            .iter()
            .map(|provisioner| {
                let expressions = self.body(&provisioner.body, None);
                json!({"type": provisioner.ty.as_str(), "expressions": expressions})
            })
            .collect();
        if !provisioners.is_empty() {
            out.insert("provisioners".to_owned(), Json::Array(provisioners));
        }
        let expressions = self.body(&resource.body, schema.map(|schema| &schema.block));
        if !expressions.is_empty() {
            out.insert("expressions".to_owned(), Json::Object(expressions));
        }
        out.insert("schema_version".to_owned(), json!(schema.map_or(0, |schema| schema.version)));
        self.repetition(&mut out, &resource.repetition);
        depends_on(&mut out, &resource.depends_on, self.sources);
        Json::Object(out)
    }

    fn repetition(&self, out: &mut Map<String, Json>, repetition: &Repetition) {
        match repetition {
            Repetition::Once => {}
            Repetition::Count(count) => {
                out.insert("count_expression".to_owned(), self.expression(count));
            }
            Repetition::ForEach(each) => {
                out.insert("for_each_expression".to_owned(), self.expression(each));
            }
        }
    }

    /// Attributes, and nested blocks in the shape that the schema gives them.
    fn body(&self, body: &Body, schema: Option<&Block>) -> Map<String, Json> {
        let mut out = Map::new();
        for attribute in &body.attributes {
            out.insert(attribute.name.to_string(), self.expression(&attribute.expr));
        }
        for block in &body.blocks {
            let nested = schema.and_then(|schema| schema.blocks.get(&block.ty));
            let inner = Json::Object(self.body(&block.body, nested.map(|nested| &nested.block)));
            let single = nested
                .is_some_and(|nested| matches!(nested.nesting, Nesting::Single | Nesting::Group));
            if single {
                out.insert(block.ty.to_string(), inner);
                continue;
            }
            let list = out.entry(block.ty.to_string()).or_insert_with(|| Json::Array(Vec::new()));
            if let Json::Array(list) = list {
                list.push(inner);
            }
        }
        out
    }

    /// `{"references": [...]}`, `{"constant_value": ...}`, or `{}` for what is neither.
    fn expression(&self, expr: &Expr) -> Json {
        let found = references(expr);
        if found.is_empty() {
            let constant = evaluate_constant(expr, self.sources).ok();
            return match constant.as_ref().and_then(known_part) {
                Some(constant) => json!({"constant_value": constant}),
                None => json!({}),
            };
        }
        let texts: Vec<String> =
            found.iter().flat_map(|reference| reference_texts(reference)).collect();
        json!({"references": texts})
    }
}

fn variable(variable: &Variable) -> Json {
    let mut out = Map::new();
    if let Some(default) = variable.default.as_ref().filter(|default| !default.is_null()) {
        out.insert("default".to_owned(), known_part(default).unwrap_or(Json::Null));
    }
    if let Some(description) = &variable.description {
        out.insert("description".to_owned(), json!(description.as_str()));
    }
    if variable.sensitive {
        out.insert("sensitive".to_owned(), json!(true));
    }
    if variable.ephemeral {
        out.insert("ephemeral".to_owned(), json!(true));
    }
    Json::Object(out)
}

fn depends_on(out: &mut Map<String, Json>, references: &[Reference], sources: &SourceMap) {
    let texts: Vec<String> = references
        .iter()
        .map(|reference| {
            let end = reference.steps.last().map_or(reference.root_span, |step| step.span);
            sources.snippet(reference.root_span.to(end))
        })
        .collect();
    if !texts.is_empty() {
        out.insert("depends_on".to_owned(), json!(texts));
    }
}

fn provider_addr(module: &Module, local: &str) -> kprov_core::ProviderAddr {
    match module.required_providers.get(local) {
        Some(required) => required.source.clone(),
        None if local == "terraform" => kprov_core::ProviderAddr::builtin(local),
        None => kprov_core::ProviderAddr::hashicorp(local),
    }
}

/// `module.a:aws.west`
fn provider_key(path: &ModulePath, name: &str, alias: Option<&Str>) -> String {
    let alias = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
    let module = if path.is_root() { String::new() } else { format!("{path}:") };
    format!("{module}{name}{alias}")
}
