//! Copies of secrets: a provider may repeat a sensitive value in an attribute that nothing marks
//! (`terraform_data.output` repeats its input). What is shown to people hides those too.

use std::collections::BTreeSet;

use crate::{Marks, Str, Value};

use super::{transform, walk};

/// Shorter texts say too little to be looked for inside others: "no" is in every third sentence.
const CONTAINED_MIN: usize = 4;

/// The texts and numbers that are sensitive somewhere in some values.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeSet<Str>);

impl Secrets {
    /// All that is marked sensitive in `values`, at any depth.
    pub fn of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Secrets {
        let mut found = Secrets::default();
        for value in values {
            walk(value, &mut |_, part| {
                if part.marks().contains(Marks::SENSITIVE) {
                    walk(part, &mut |_, leaf| found.take(leaf.bare()));
                }
            });
        }
        found
    }

    fn take(&mut self, leaf: &Value) {
        match leaf {
            Value::String(text) if !text.is_empty() => {
                self.0.insert(text.clone());
            }
            Value::Number(number) => {
                let text = number.to_string();
                if text.len() >= CONTAINED_MIN {
                    self.0.insert(text.into());
                }
            }
            _ => {}
        }
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is the text one of them, or does it contain one?
    pub fn are_in(&self, text: &str) -> bool {
        self.0.contains(text)
            || self.0.iter().any(|it| it.len() >= CONTAINED_MIN && text.contains(it.as_str()))
    }

    /// The text with every copy of one replaced. Copies of short ones stay.
    pub fn blot(&self, text: &str) -> String {
        let mut told = text.to_owned();
        // Long ones first: a short one may be part of them.
        let mut secrets: Vec<&Str> =
            self.0.iter().filter(|secret| secret.len() >= CONTAINED_MIN).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            // As it is, and as it stands between quotes.
            let quoted = format!("{:?}", secret.as_str());
            for copy in [secret.as_str(), &quoted[1..quoted.len() - 1]] {
                if told.contains(copy) {
                    told = told.replace(copy, "(sensitive value)");
                }
            }
        }
        told
    }

    /// The value with every copy marked sensitive.
    pub fn conceal(&self, value: &Value) -> Value {
        if self.is_empty() {
            return value.clone();
        }
        transform(value, &mut |_, part| {
            let copy = match &part {
                Value::String(text) => self.are_in(text),
                Value::Number(number) => self.0.contains(number.to_string().as_str()),
                _ => false,
            };
            if copy { part.with_marks(Marks::SENSITIVE) } else { part }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_marked_and_nothing_else() {
        let secret = |text: &str| Value::from(text).with_marks(Marks::SENSITIVE);
        let value = Value::object([
            ("input", Value::tuple([secret("hunter2"), secret("no")])),
            ("output", Value::tuple([Value::from("hunter2"), Value::from("none")])),
            ("json", Value::from("{\"password\":\"hunter2\"}")),
            ("short", Value::from("no")),
            ("other", Value::from("hunter")),
        ]);
        let shown = Secrets::of([&value]).conceal(&value);
        let marked = |name: &str| shown.get(name).is_some_and(|it| !it.marks_deep().is_empty());
        assert!(marked("output") && marked("json") && marked("short") && !marked("other"));
        let output = shown.get("output").and_then(|it| it.as_items()).expect("a tuple");
        assert_eq!(output[1], Value::from("none"));
    }

    #[test]
    fn without_secrets_the_value_stays() {
        let value = Value::object([("a", Value::from("x"))]);
        assert_eq!(Secrets::of([&value]).conceal(&value), value);
    }

    #[test]
    fn copies_in_texts_are_blotted_out() {
        let secrets = Secrets::of(&[
            Value::from("hunter2").with_marks(Marks::SENSITIVE),
            Value::from("hunter2-long").with_marks(Marks::SENSITIVE),
            Value::from("say \"x\"\n").with_marks(Marks::SENSITIVE),
            Value::from("no").with_marks(Marks::SENSITIVE),
        ]);
        let told = secrets.blot("no hunter2, hunter2-long: \"say \\\"x\\\"\\n\"");
        let hidden = "(sensitive value)";
        assert_eq!(told, format!("no {hidden}, {hidden}: \"{hidden}\""));
    }
}
