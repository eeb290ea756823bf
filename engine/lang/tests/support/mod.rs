//! A module of locals and variables in memory, enough to evaluate a recorded case.

mod disk;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use kprov_core::{Diagnostics, Marks, Str, Type, Value};
use kprov_lang::ast::{Body, Expr, ExprKind, Reference, StepKind};
use kprov_lang::config::{EmbeddedModules, Module, Variable, load_tree};
use kprov_lang::eval::{Evaluator, Resolved, Scope, evaluate_constant, references};
use kprov_lang::functions::{FunctionContext, builtin_provider_function};
use kprov_lang::{SourceMap, syntax};
use serde_json::Value as Json;

use disk::{Clock, Disk};

/// What a case is evaluated in.
pub(crate) struct World {
    sources: SourceMap,
    disk: Disk,
    module: Arc<Module>,
    variables: BTreeMap<Str, Value>,
    known: RefCell<BTreeMap<Str, Option<Result<Value, Diagnostics>>>>,
}

/// Nothing is embedded.
#[derive(Debug)]
struct NoModules;

impl EmbeddedModules for NoModules {
    fn files(&self, _name: &str) -> Option<Vec<(String, String)>> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

type Outcome<T> = Result<T, String>;

fn told(problems: &Diagnostics) -> String {
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.summary, problem.detail))
        .collect::<Vec<_>>()
        .join(" | ")
}

impl World {
    /// The world of a case; `Ok(None)` if it needs more than locals and variables.
    pub(crate) fn of(case: &Json) -> Outcome<Option<World>> {
        let mut disk = Disk::default();
        for (name, content) in case["files"].as_object().into_iter().flatten() {
            let bytes = match content {
                Json::String(text) => text.clone().into_bytes(),
                other => base64::engine::general_purpose::STANDARD
                    .decode(other["base64"].as_str().expect("a case as recorded"))
                    .expect("a case as recorded"),
            };
            disk.0.insert(name.clone(), bytes);
        }
        if let Some(text) = case["prelude"].as_str() {
            disk.0.insert("prelude.tf".to_owned(), text.into());
        }
        let expr = case["expr"].as_str().expect("a case as recorded");
        let output = format!("output \"it\" {{\n  value = {expr}\n}}\n");
        disk.0.insert("main.tf".to_owned(), output.into());
        if let Some(text) = case["tfvars"].as_str() {
            disk.0.insert("terraform.tfvars".to_owned(), text.into());
        }
        let sources = SourceMap::new();
        let (tree, problems) = load_tree(&disk, &sources, &NoModules, ".");
        if problems.has_errors() {
            return Err(told(&problems));
        }
        let module = tree.modules.values().next().cloned().ok_or("no module")?;
        let engine = !module.resources.is_empty()
            || !module.calls.is_empty()
            || !module.providers.is_empty()
            || !module.checks.is_empty();
        if engine || tree.modules.len() > 1 {
            return Ok(None);
        }
        let mut world =
            World { sources, disk, module, variables: BTreeMap::new(), known: RefCell::default() };
        let given = match case["tfvars"].as_str() {
            Some(text) => world.parse("terraform.tfvars", text)?,
            None => Body::default(),
        };
        world.declare(&given)?;
        Ok(Some(world))
    }

    fn parse(&self, name: &str, text: &str) -> Outcome<Body> {
        let file = self.sources.add(name, text);
        let (body, problems) = syntax::parse_body(&self.sources, file);
        if problems.has_errors() { Err(told(&problems)) } else { Ok(body) }
    }

    fn declare(&mut self, given: &Body) -> Outcome<()> {
        let module = self.module.clone();
        for variable in module.variables.values() {
            let value = self.variable(variable, given)?;
            self.variables.insert(variable.name.clone(), value);
        }
        for local in module.locals.values() {
            self.check(&local.expr)?;
        }
        for name in module.locals.keys() {
            self.local(name).map_err(|problems| told(&problems))?;
        }
        for rule in module.variables.values().flat_map(|variable| &variable.validations) {
            self.check(&rule.condition)?;
            self.check(&rule.error_message)?;
            let holds = self.evaluate(&rule.condition).map_err(|problems| told(&problems))?;
            self.evaluate(&rule.error_message).map_err(|problems| told(&problems))?;
            let holds = kprov_core::value::convert(&holds, &Type::Bool).map_err(|e| e.message)?;
            if holds.bare().as_bool() != Some(true) {
                return Err("Invalid value for variable".to_owned());
            }
        }
        Ok(())
    }

    fn variable(&self, variable: &Variable, given: &Body) -> Outcome<Value> {
        let given = given.attribute(&variable.name).map(|attribute| {
            evaluate_constant(&attribute.expr, &self.sources).map_err(|problems| told(&problems))
        });
        let value = match (given.transpose()?, &variable.default) {
            (Some(value), Some(default)) if value.is_null() && !variable.nullable => {
                default.clone()
            }
            (Some(value), _) => variable.ty.convert(&value).map_err(|error| error.to_string())?,
            (None, Some(default)) => default.clone(),
            (None, None) => return Err("No value for required variable".to_owned()),
        };
        if value.is_null() && !variable.nullable {
            return Err("Invalid value: null".to_owned());
        }
        let mut marks = Marks::NONE;
        if variable.sensitive {
            marks = marks | Marks::SENSITIVE;
        }
        if variable.ephemeral {
            marks = marks | Marks::EPHEMERAL;
        }
        Ok(value.with_marks(marks))
    }

    /// What a planner finds before anything is evaluated.
    fn check(&self, expr: &Expr) -> Outcome<()> {
        for reference in references(expr) {
            let name = match reference.steps.first().map(|step| &step.kind) {
                Some(StepKind::Attribute(name)) => Some(name.clone()),
                Some(StepKind::Index(key)) => match &key.kind {
                    ExprKind::Literal(Value::String(text)) => Some(text.clone()),
                    _ => None,
                },
                _ => None,
            };
            let declared = match (&*reference.root, &name) {
                ("local", Some(name)) => self.module.locals.contains_key(name),
                ("var", Some(name)) => self.variables.contains_key(name),
                ("path", Some(name)) => matches!(&**name, "module" | "root" | "cwd"),
                ("terraform", Some(name)) => matches!(&**name, "workspace" | "applying"),
                _ => false,
            };
            if !declared {
                return Err(format!("undeclared {}", reference.root));
            }
        }
        Ok(())
    }

    fn evaluate(&self, expr: &Expr) -> Result<Value, Diagnostics> {
        let functions = FunctionContext {
            host: &Clock,
            files: &self.disk,
            base_dir: ".",
            pure_only: false,
            plan_timestamp: Some("2026-01-02T03:04:05Z"),
        };
        let evaluator = Evaluator { scope: self, functions: &functions, sources: &self.sources };
        evaluator.evaluate(expr)
    }

    fn local(&self, name: &Str) -> Result<Value, Diagnostics> {
        let error = |summary: &str| {
            Diagnostics::from(kprov_core::Diagnostic::error(summary, name.to_string()))
        };
        if let Some(earlier) = self.known.borrow().get(name) {
            return earlier.clone().unwrap_or_else(|| Err(error("Cycle")));
        }
        let Some(local) = self.module.locals.get(name) else { return Err(error("undeclared")) };
        self.known.borrow_mut().insert(name.clone(), None);
        let value = self.evaluate(&local.expr);
        self.known.borrow_mut().insert(name.clone(), Some(value.clone()));
        value
    }

    /// Type and value as `output -json` prints them; `None` for null.
    pub(crate) fn output(&self, sensitive: bool) -> Outcome<Option<(Json, Json)>> {
        let expr = &self.module.outputs.get("it").ok_or("no output")?.value;
        self.check(expr)?;
        let value = self.evaluate(expr).map_err(|problems| told(&problems))?;
        let (value, marks) = value.unmark_deep();
        if marks.contains(Marks::EPHEMERAL) {
            return Err("Ephemeral value not allowed".to_owned());
        }
        if marks.contains(Marks::SENSITIVE) && !sensitive {
            return Err("Output refers to sensitive values".to_owned());
        }
        if value.is_null() {
            return Ok(None);
        }
        Ok(Some((type_json(&value.ty()), value_json(&value)?)))
    }
}

impl Scope for World {
    fn resolve(
        &self,
        reference: &Reference,
        _key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        let name = match reference.steps.first().map(|step| &step.kind) {
            Some(StepKind::Attribute(name)) => name.clone(),
            Some(StepKind::Index(key)) => match &key.kind {
                ExprKind::Literal(Value::String(text)) => text.clone(),
                _ => Str::new(""),
            },
            _ => Str::new(""),
        };
        let undeclared =
            || Diagnostics::from(kprov_core::Diagnostic::error("undeclared", name.to_string()));
        let value = match &*reference.root {
            "local" => self.local(&name)?,
            "var" => self.variables.get(&name).cloned().ok_or_else(undeclared)?,
            "path" if name == "cwd" => Value::from("/work"),
            "path" => Value::from("."),
            "terraform" if name == "workspace" => Value::from("default"),
            _ => return Err(undeclared()),
        };
        Ok(Resolved { value, consumed: 1 })
    }

    fn call_provider_function(
        &self,
        name: &str,
        arguments: &[Value],
    ) -> Option<Result<Value, String>> {
        let name = name.strip_prefix("provider::terraform::")?;
        self.module.required_providers.get("terraform")?;
        let result = builtin_provider_function(name, arguments)?;
        Some(result.map_err(|error| error.to_string()))
    }
}

fn type_json(ty: &Type) -> Json {
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(element) => Json::Array(vec!["list".into(), type_json(element)]),
        Type::Set(element) => Json::Array(vec!["set".into(), type_json(element)]),
        Type::Map(element) => Json::Array(vec!["map".into(), type_json(element)]),
        Type::Tuple(elements) => {
            let elements: Vec<Json> = elements.iter().map(type_json).collect();
            Json::Array(vec!["tuple".into(), elements.into()])
        }
        Type::Object(object) => {
            let attributes = object.attributes().iter();
            let map = attributes.map(|(name, ty)| (name.to_string(), type_json(ty))).collect();
            Json::Array(vec!["object".into(), Json::Object(map)])
        }
    }
}

fn value_json(value: &Value) -> Outcome<Json> {
    Ok(match value {
        // Terraform stores what is still unknown after apply as null.
        Value::Null(_) | Value::Unknown(_) => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => serde_json::from_str(&number.to_string())
            .map_err(|_| format!("{number} is no JSON number"))?,
        Value::String(text) => text.as_str().into(),
        compound => match (compound.as_items(), compound.as_entries()) {
            (Some(items), _) => items.iter().map(value_json).collect::<Outcome<Vec<_>>>()?.into(),
            (_, Some(entries)) => {
                let pairs = entries.iter().map(|(k, v)| Ok((k.to_string(), value_json(v)?)));
                Json::Object(pairs.collect::<Outcome<serde_json::Map<_, _>>>()?)
            }
            _ => return Err("marked".to_owned()),
        },
    })
}
