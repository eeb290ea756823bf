//! `user_data(DOCUMENT, MACHINE)`: the document as an object, and `{ format, program = { url, sha256 }, disk = { device, path } }`.

use kprov_core::{Type, Value, value};
use kprov_node::document::{Document, Faults};
use kprov_node::render::{self, Disk, Format, Machine, Program};
use serde::Deserialize;
use serde_json::Value as Json;

/// MACHINE, as it is said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    format: Option<String>,
    program: Option<SaidProgram>,
    disk: Option<SaidDisk>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidProgram {
    url: String,
    sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidDisk {
    device: String,
    path: String,
}

/// Text; unknown as long as anything that stands in it is.
pub(crate) fn call(arguments: &[Value]) -> Result<Value, String> {
    let [document, machine] = arguments else {
        return Err(
            "user_data takes a node document and what is to be known of the machine, {} if nothing."
                .to_owned(),
        );
    };
    if !machine.is_wholly_known() {
        return Ok(Value::unknown(Type::String));
    }
    let machine = machine_of(json(machine)?)?;
    machine.check().map_err(plain)?;
    if !document.is_wholly_known() {
        return Ok(Value::unknown(Type::String));
    }
    let document = json(document)?;
    let shown = format!("{document:#}");
    Document::parse(&shown).map_err(|faults| told(&faults, &shown))?;
    render::user_data(&document.to_string(), &machine).map(Value::string).map_err(plain)
}

fn plain(problem: kprov_node::Problem) -> String {
    format!("{}: {}", problem.summary, problem.detail)
}

fn json(value: &Value) -> Result<Json, String> {
    value::to_json(value, &value.ty()).map_err(|error| error.to_string())
}

fn machine_of(said: Json) -> Result<Machine, String> {
    let wrong =
        |error: serde_json::Error| format!("What is said of the machine is wrong: {error}.");
    let said: Said = serde_json::from_value(said).map_err(wrong)?;
    let named = said.format.as_deref().map(Format::named).transpose();
    Ok(Machine {
        format: named.map_err(|problem| problem.detail)?.unwrap_or_default(),
        program: said.program.map(|it| Program { url: it.url, sha256: it.sha256 }),
        disk: said.disk.map(|it| Disk { device: it.device, path: it.path }),
    })
}

/// Nobody sees the text that its lines are of, so each fault shows its own.
fn told(faults: &Faults, shown: &str) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let each = faults.0.iter().map(|fault| {
        let line =
            usize::try_from(fault.line).ok().and_then(|line| lines.get(line.checked_sub(1)?));
        match line.map(|line| line.trim().trim_end_matches(',')) {
            Some(line) => format!("at {line} : {}", fault.message),
            None => fault.message.clone(),
        }
    });
    format!("The node document is wrong:\n{}", each.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use kprov_node::render::document_of;
    use serde_json::json;

    use super::*;

    fn document() -> Json {
        json!({"apiVersion": "kprov.dev/v1alpha1", "kind": "Node", "role": "worker",
            "cluster": {"name": "demo", "endpoint": "https://lb.example:6443"},
            "identity": {"from": "ec2"}, "secrets": {"from": "ssm", "prefix": "/kprov/demo/pki"},
            "versions": {"kubernetes": "1.36.3", "etcd": null}, "binaries": {"directory": "/opt/bin"}})
    }

    fn value(json: &Json) -> Value {
        value::from_json(json, &Type::Dynamic)
            .or_else(|_| {
                value::from_json(&json!({"value": json, "type": ty(json)}), &Type::Dynamic)
            })
            .expect("a value")
    }

    /// The type of JSON as JSON, objects for objects.
    fn ty(json: &Json) -> Json {
        match json {
            Json::Null => json!("dynamic"),
            Json::Bool(_) => json!("bool"),
            Json::Number(_) => json!("number"),
            Json::String(_) => json!("string"),
            Json::Array(items) => json!(["tuple", items.iter().map(ty).collect::<Vec<_>>()]),
            Json::Object(fields) => {
                let fields: serde_json::Map<_, _> =
                    fields.iter().map(|(name, it)| (name.clone(), ty(it))).collect();
                json!(["object", fields])
            }
        }
    }

    fn made(document: &Json, machine: &Json) -> Result<String, String> {
        let made = call(&[value(document), value(machine)])?;
        Ok(made.as_str().expect("text").to_owned())
    }

    #[test]
    fn the_document_stands_in_the_text() {
        for format in ["cloud-config", "ignition"] {
            let machine = json!({"format": format, "program": null, "disk": {"device": "/dev/xvdb", "path": "/d"}});
            let text = made(&document(), &machine).expect("user data");
            let back = document_of(text.as_bytes()).expect("a document");
            assert_eq!(serde_json::from_str::<Json>(&back).expect("JSON"), document());
            assert!(text.contains("/dev/xvdb"), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_stands() {
        let mut wrong = document();
        wrong["role"] = "boss".into();
        wrong["cluster"]["endpoint"] = "http://x".into();
        let said = made(&wrong, &json!({})).expect_err("a boss is no node");
        assert!(said.contains("at \"role\": \"boss\" : A role is master or worker."), "{said}");
        assert!(said.contains("at \"endpoint\": \"http://x\" : The endpoint"), "{said}");
        let said = made(&json!({"apiVersion": "kprov.dev/v9", "kind": "Node"}), &json!({}));
        assert!(said.expect_err("from the future").contains("knows kprov.dev/v1alpha1"));
        for (machine, why) in [
            (json!({"format": "toml"}), "cloud-config or ignition"),
            (json!({"program": {"url": "https://x/y"}}), "sha256"),
            (json!({"disc": null}), "disc"),
            (json!({"disk": {"device": "xvdb", "path": "/d"}}), "cannot be mounted"),
        ] {
            let said = made(&document(), &machine).expect_err("it is wrong");
            assert!(said.contains(why), "{said}");
        }
        assert!(call(&[]).is_err());
    }

    #[test]
    fn what_is_not_known_yet_makes_it_unknown() {
        let mut fields: Vec<(kprov_core::Str, Value)> = Vec::new();
        for (name, it) in document().as_object().expect("an object") {
            fields.push((name.as_str().into(), value(it)));
        }
        fields.push(("directory".into(), Value::unknown(Type::String)));
        let made = call(&[Value::object(fields), value(&json!({}))]).expect("not yet");
        assert!(!made.is_known());
    }
}
