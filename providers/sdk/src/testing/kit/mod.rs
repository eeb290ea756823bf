//! The conformance kit: what must hold of every resource type, whatever it is.
//!
//! A test gives a provider, a type and [`Cases`]; the kit does the rest and says all that fails,
//! each with the name of the rule. The rules are those of `docs/guides/adding-a-resource.md`.

mod cases;
mod input;
mod life;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use kprov_core::{Host, Value};

use super::{FakeHost, block_on, complete};
use crate::{CallContext, Creation, Intent, Provider, Resource, ResourceSchema};

pub use cases::Cases;

/// A rule that a resource breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule's name: "delete is repeatable".
    pub rule: &'static str,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.seen)
    }
}

/// Checks a resource type whose code needs no runtime.
///
/// # Panics
/// With all rules that are broken.
pub fn check(provider: &dyn Provider, ty: &str, cases: &Cases) {
    let failures = block_on(failures(provider, ty, cases));
    let lines: Vec<String> = failures.iter().map(|failure| format!("  {failure}")).collect();
    assert!(lines.is_empty(), "{ty} breaks rules:\n{}", lines.join("\n"));
}

/// All rules that a resource type breaks; for code that needs a runtime, which then runs this.
///
/// # Panics
/// When the test itself is wrong: a type that the provider does not have, a configuration that does
/// not fit the schema.
pub async fn failures(provider: &dyn Provider, ty: &str, cases: &Cases) -> Vec<Failure> {
    let schema = provider.schema().resources.get(ty);
    let schema = schema.unwrap_or_else(|| panic!("the provider has no schema of {ty:?}"));
    let Some(resource) = provider.resource(ty) else {
        let seen = "the type is in the schema, but has no code".to_owned();
        return vec![Failure { rule: "schema", seen }];
    };
    let host: Arc<dyn Host> = Arc::new(FakeHost::new(1));
    let config = complete(&provider.schema().provider.block, &cases.provider);
    let client = match provider.configure(&config, &host).await {
        Ok(client) => client,
        Err(error) => return vec![Failure { rule: "configure", seen: error.to_string() }],
    };
    let context = CallContext { client, host };
    let mut run = Run {
        resource,
        schema,
        provider_config: config,
        context,
        cases,
        failures: Vec::new(),
        op: 0,
    };
    run.check_schema();
    run.check_input();
    run.check_life().await;
    run.check_crashes().await;
    run.check_import().await;
    run.failures
}

/// One run of the kit over one type.
struct Run<'a> {
    resource: &'a dyn Resource,
    schema: &'a ResourceSchema,
    provider_config: Value,
    context: CallContext,
    cases: &'a Cases,
    failures: Vec<Failure>,
    op: u64,
}

impl Run<'_> {
    fn fail(&mut self, rule: &'static str, seen: impl Into<String>) {
        self.failures.push(Failure { rule, seen: seen.into() });
    }

    fn expect(&mut self, holds: bool, rule: &'static str, seen: impl FnOnce() -> String) {
        if !holds {
            self.fail(rule, seen());
        }
    }

    /// A new intent, as the journal would write it.
    fn intent(&mut self) -> Intent {
        self.op += 1;
        let token = self.context.host.uuid();
        Intent { op: self.op, token: token.into() }
    }

    fn config(&self, config: &Value) -> Value {
        complete(&self.schema.schema.block, config)
    }

    fn is_local(&self) -> bool {
        self.schema.creation == Creation::Local
    }

    /// How many objects the outside world has, where the test can tell.
    fn objects(&self) -> Option<usize> {
        self.cases.objects.as_ref().map(|count| count())
    }
}
