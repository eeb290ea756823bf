//! Rules about what is refused: configurations and import ids.

use kprov_core::{Path, Value};

use super::Run;
use crate::AttributeError;

impl Run<'_> {
    pub(super) fn check_input(&mut self) {
        let cases = self.cases;
        let good = [&cases.create].into_iter().chain(&cases.updates);
        for config in good.chain(cases.replaces.iter().map(|(config, _)| config)) {
            self.check_accepted(config);
        }
        for (config, attribute) in &cases.bad {
            self.check_refused(config, attribute);
        }
    }

    fn problems(&self, config: &Value) -> Vec<AttributeError> {
        let problems = self.resource.validate(config);
        problems.into_iter().filter(|problem| !problem.warning).collect()
    }

    fn check_accepted(&mut self, config: &Value) {
        let config = self.config(config);
        let known = self.problems(&config);
        self.expect(known.is_empty(), "good input is accepted", || show(&known));
        // What is not known yet cannot be wrong yet.
        let unknown = config.as_entries().into_iter().flatten().map(|(name, value)| {
            let value = if value.is_null() { value.clone() } else { Value::unknown(value.ty()) };
            (name.clone(), value)
        });
        let unknown = self.problems(&Value::object(unknown.collect::<Vec<_>>()));
        self.expect(unknown.is_empty(), "unknown input is accepted", || show(&unknown));
    }

    fn check_refused(&mut self, config: &Value, attribute: &str) {
        let config = self.config(config);
        let problems = self.problems(&config);
        let place = Path::attribute(attribute);
        let named = problems.iter().any(|problem| place.is_prefix_of(&problem.path));
        self.expect(named, "bad input is refused at the attribute", || {
            format!("no error at {attribute}, but: {}", show(&problems))
        });
        for (name, schema) in &self.schema.schema.block.attributes {
            let Some(secret) = config.get(name).and_then(Value::as_str) else { continue };
            // Short values occur in any text by chance.
            let told = problems.iter().any(|problem| {
                problem.message.contains(secret) || problem.summary.contains(secret)
            });
            let leaks = schema.sensitive && told && secret.len() > 3;
            self.expect(!leaks, "errors keep secrets", || {
                format!("the message has the value of {name}")
            });
        }
    }

    pub(super) async fn check_import(&mut self) {
        let cases = self.cases;
        for id in &cases.bad_ids {
            let imported = self.resource.import(&self.context, id).await;
            self.expect(imported.is_err(), "bad import ids are refused", || format!("{id:?}"));
        }
        let Some(import) = &cases.import else { return };
        let Some(created) = self.made().await else { return };
        let id = import(&created.value);
        let found = match self.resource.import(&self.context, &id).await {
            Ok(imported) => imported.object,
            Err(error) => return self.fail("import", error.to_string()),
        };
        match self.read("import", &found).await {
            None => self.fail("import", "the imported object cannot be read"),
            Some(read) => {
                for name in self.schema.schema.block.attributes.keys() {
                    let missed = cases.import_misses.iter().any(|missed| missed == name.as_str());
                    let same = read.value.get(name) == created.value.get(name);
                    self.expect(missed || same, "import", || format!("{name} is another"));
                }
            }
        }
        self.delete("import", created).await;
    }
}

fn show(problems: &[AttributeError]) -> String {
    let lines = problems.iter().map(|p| format!("{} {}: {}", p.path, p.summary, p.message));
    lines.collect::<Vec<_>>().join("; ")
}
