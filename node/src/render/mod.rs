//! From a node document to user data, as cloud-config or Ignition, and back. Pure.
//!
//! What holds: `document_of(cloud_config(d)) == d`, likewise for Ignition; nothing larger than EC2 takes is given out.

mod back;
mod parts;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::document::Document;
use crate::problem::Problem;

pub use back::document_of;
pub use parts::Program;

/// EC2 takes so many bytes of user data.
pub const LARGEST: usize = 16 * 1024;

/// Where the document is on the machine.
const DOCUMENT: &str = "/etc/kprov/node.yaml";
const FETCH: &str = "/etc/kprov/fetch.sh";
const UNIT: &str = "/etc/systemd/system/kprov-node.service";

fn checked(document: &str) -> Result<(), Problem> {
    Document::parse(document)
        .map(drop)
        .map_err(|faults| Problem::new("The document is wrong", faults.to_string()))
}

fn fitting(text: String) -> Result<String, Problem> {
    if text.len() <= LARGEST {
        return Ok(text);
    }
    let detail = format!(
        "It is of {} bytes, and EC2 takes {LARGEST}. Move large files of the document to the PKI tree or to artifacts.",
        text.len()
    );
    Err(Problem::new("The user data are too large", detail))
}

/// `#cloud-config`, for images with cloud-init.
///
/// # Errors
/// When the document or the program's place is wrong, or it is too large.
pub fn cloud_config(document: &str, program: Option<&Program>) -> Result<String, Problem> {
    checked(document)?;
    let script = program.map(Program::script).transpose()?;
    let mut files = vec![cloud_file(DOCUMENT, "0600", document)];
    if let Some(script) = &script {
        files.push(cloud_file(FETCH, "0700", script));
    }
    files.push(cloud_file(UNIT, "0644", &parts::unit(program)));
    let run = [
        ["systemctl", "daemon-reload", ""],
        ["systemctl", "enable", "kprov-node.service"],
        ["systemctl", "start", "kprov-node.service"],
    ];
    let run: Vec<Vec<&str>> =
        run.map(|words| words.into_iter().filter(|word| !word.is_empty()).collect()).to_vec();
    // JSON is YAML, and needs no quoting of its own.
    let config = json!({"write_files": files, "runcmd": run});
    fitting(format!("#cloud-config\n{config}\n"))
}

fn cloud_file(path: &str, permissions: &str, text: &str) -> serde_json::Value {
    let packed = STANDARD.encode(parts::gzip(text));
    let mut file = json!({"path": path, "permissions": permissions, "owner": "root:root"});
    if packed.len() < text.len() {
        file["encoding"] = "gz+b64".into();
        file["content"] = packed.into();
    } else {
        file["content"] = text.into();
    }
    file
}

/// Ignition 3.4, for Flatcar and Fedora CoreOS.
///
/// # Errors
/// As [`cloud_config`].
pub fn ignition(document: &str, program: Option<&Program>) -> Result<String, Problem> {
    checked(document)?;
    let script = program.map(Program::script).transpose()?;
    let mut files = vec![ignition_file(DOCUMENT, 0o600, document)];
    if let Some(script) = &script {
        files.push(ignition_file(FETCH, 0o700, script));
    }
    let unit =
        json!({"name": "kprov-node.service", "enabled": true, "contents": parts::unit(program)});
    let config = json!({
        "ignition": {"version": "3.4.0"},
        "storage": {"files": files},
        "systemd": {"units": [unit]},
    });
    fitting(format!("{config}\n"))
}

fn ignition_file(path: &str, mode: u32, text: &str) -> serde_json::Value {
    let (plain, packed) = (STANDARD.encode(text), STANDARD.encode(parts::gzip(text)));
    let contents = if packed.len() < plain.len() {
        json!({"compression": "gzip", "source": format!("data:;base64,{packed}")})
    } else {
        json!({"source": format!("data:;base64,{plain}")})
    };
    json!({"path": path, "mode": mode, "overwrite": true, "contents": contents})
}
