//! A module of locals and variables in memory, enough to evaluate a recorded case.

mod disk;

use std::cell::RefCell;
use std::collections::BTreeMap;

use base64::Engine as _;
use kprov_core::{Diagnostics, Marks, Number, Str, Type, Value};
use kprov_lang::ast::{Body, Expr, ExprKind, Reference, StepKind};
use kprov_lang::config::type_from_expr;
use kprov_lang::eval::{Evaluator, Resolved, Scope, evaluate_constant, references};
use kprov_lang::functions::FunctionContext;
use kprov_lang::{SourceMap, syntax};
use serde_json::Value as Json;

use disk::{Clock, Disk};

/// What a case is evaluated in.
pub struct World {
    sources: SourceMap,
    disk: Disk,
    locals: BTreeMap<Str, Expr>,
    variables: BTreeMap<Str, Value>,
    known: RefCell<BTreeMap<Str, Option<Result<Value, Diagnostics>>>>,
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
    pub fn of(case: &Json) -> Outcome<Option<World>> {
        let mut disk = Disk::default();
        for (name, content) in case["files"].as_object().into_iter().flatten() {
            let bytes = match content {
                Json::String(text) => text.clone().into_bytes(),
                other => base64::engine::general_purpose::STANDARD
                    .decode(other["base64"].as_str().unwrap())
                    .unwrap(),
            };
            if name.ends_with(".tf") || name.ends_with(".tfvars") {
                return Ok(None);
            }
            disk.0.insert(name.clone(), bytes);
        }
        disk.0.insert("main.tf".to_owned(), Vec::new());
        let mut world = World {
            sources: SourceMap::new(),
            disk,
            locals: BTreeMap::new(),
            variables: BTreeMap::new(),
            known: RefCell::default(),
        };
        let given = match case["tfvars"].as_str() {
            Some(text) => {
                world.disk.0.insert("terraform.tfvars".to_owned(), text.into());
                world.parse("terraform.tfvars", text)?
            }
            None => Body::default(),
        };
        if let Some(text) = case["prelude"].as_str() {
            world.disk.0.insert("prelude.tf".to_owned(), text.into());
            let body = world.parse("prelude.tf", text)?;
            if body.blocks.iter().any(|block| !matches!(&*block.ty, "locals" | "variable")) {
                return Ok(None);
            }
            world.declare(&body, &given)?;
        }
        Ok(Some(world))
    }

    fn parse(&self, name: &str, text: &str) -> Outcome<Body> {
        let file = self.sources.add(name, text);
        let (body, problems) = syntax::parse_body(&self.sources, file);
        if problems.has_errors() { Err(told(&problems)) } else { Ok(body) }
    }

    fn declare(&mut self, body: &Body, given: &Body) -> Outcome<()> {
        for block in body.blocks_of("locals") {
            for attribute in &block.body.attributes {
                self.locals.insert(attribute.name.clone(), attribute.expr.clone());
            }
        }
        let mut validations = Vec::new();
        for block in body.blocks_of("variable") {
            let name = block.labels[0].0.clone();
            let value = self.variable(&name, &block.body, given)?;
            self.variables.insert(name, value);
            for rule in block.body.blocks_of("validation") {
                validations.push(rule.body.clone());
            }
        }
        for expr in self.locals.values() {
            self.check(expr)?;
        }
        for name in self.locals.keys().cloned().collect::<Vec<_>>() {
            self.local(&name).map_err(|problems| told(&problems))?;
        }
        for rule in validations {
            let condition = &rule.attribute("condition").unwrap().expr;
            let message = &rule.attribute("error_message").ok_or("no error_message")?.expr;
            self.check(condition)?;
            self.check(message)?;
            let holds = self.evaluate(condition).map_err(|problems| told(&problems))?;
            self.evaluate(message).map_err(|problems| told(&problems))?;
            let holds = kprov_core::value::convert(&holds, &Type::Bool).map_err(|e| e.message)?;
            if holds.bare().as_bool() != Some(true) {
                return Err("Invalid value for variable".to_owned());
            }
        }
        Ok(())
    }

    fn variable(&self, name: &str, body: &Body, given: &Body) -> Outcome<Value> {
        let constant = |expr: &Expr| {
            evaluate_constant(expr, &self.sources).map_err(|problems| told(&problems))
        };
        let flag = |name: &str, otherwise: bool| -> Outcome<bool> {
            match body.attribute(name) {
                Some(attribute) => constant(&attribute.expr)?.as_bool().ok_or("not a bool".into()),
                None => Ok(otherwise),
            }
        };
        let constraint = match body.attribute("type") {
            Some(attribute) => type_from_expr(&attribute.expr, &self.sources)
                .map_err(|problems| told(&problems))?,
            None => kprov_lang::config::TypeConstraint::any(),
        };
        let nullable = flag("nullable", true)?;
        let convert = |value: &Value| constraint.convert(value).map_err(|error| error.to_string());
        let default = body.attribute("default").map(|attribute| constant(&attribute.expr));
        let default = default.transpose()?.map(|value| convert(&value)).transpose()?;
        if default.as_ref().is_some_and(Value::is_null) && !nullable {
            return Err("Invalid default value".to_owned());
        }
        let given = given.attribute(name).map(|attribute| constant(&attribute.expr)).transpose()?;
        let value = match (given, &default) {
            (Some(value), Some(default)) if value.is_null() && !nullable => default.clone(),
            (Some(value), _) => convert(&value)?,
            (None, Some(default)) => default.clone(),
            (None, None) => return Err("No value for required variable".to_owned()),
        };
        if value.is_null() && !nullable {
            return Err("Invalid value: null".to_owned());
        }
        let mut marks = Marks::NONE;
        if flag("sensitive", false)? {
            marks = marks | Marks::SENSITIVE;
        }
        if flag("ephemeral", false)? {
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
                ("local", Some(name)) => self.locals.contains_key(name),
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
        let Some(expr) = self.locals.get(name) else { return Err(error("undeclared")) };
        self.known.borrow_mut().insert(name.clone(), None);
        let value = self.evaluate(expr);
        self.known.borrow_mut().insert(name.clone(), Some(value.clone()));
        value
    }

    /// Type and value as `output -json` prints them; `None` for null.
    pub fn output(&self, expr: &str, sensitive: bool) -> Outcome<Option<(Json, Json)>> {
        let text = format!("output \"it\" {{\n  value = {expr}\n}}\n");
        let body = self.parse("main.tf", &text)?;
        let block = body.blocks.first().filter(|_| body.blocks.len() == 1).ok_or("no block")?;
        if block.body.attributes.len() != 1 || !block.body.blocks.is_empty() {
            return Err("more than an expression".to_owned());
        }
        let expr = &block.body.attributes[0].expr;
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
        Value::Null(_) => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => serde_json::from_str(&number.to_string())
            .map_err(|_| format!("{number} is no JSON number"))?,
        Value::String(text) => text.as_str().into(),
        Value::Unknown(_) => return Err("unknown".to_owned()),
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

/// Equal, numbers by value.
pub fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            let (a, b) = (a.to_string(), b.to_string());
            a == b || matches!((a.parse::<Number>(), b.parse()), (Ok(a), Ok(b)) if a == b)
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
