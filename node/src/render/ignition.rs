//! Ignition 3.4.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::{Content, UNIT, parts};

pub(super) fn render(content: &Content<'_>) -> String {
    let files: Vec<Json> = content
        .files
        .iter()
        .map(|(path, mode, text)| file(path, *mode, text, content.packed))
        .collect();
    let mut config = json!({
        "ignition": {"version": "3.4.0"},
        "storage": {"files": files},
        "systemd": {"units": [{"name": UNIT, "enabled": true, "contents": content.unit}]},
    });
    if let Some(disk) = content.disk {
        config["storage"]["filesystems"] = json!([{
            "device": disk.device, "format": "ext4", "label": "kprov", "path": disk.path, "wipeFilesystem": false,
        }]);
        let unit = json!({"name": disk.unit(), "enabled": true, "contents": disk.mount()});
        if let Some(units) = config["systemd"]["units"].as_array_mut() {
            units.push(unit);
        }
    }
    format!("{config}\n")
}

fn file(path: &str, mode: u32, text: &str, packed: bool) -> Json {
    let plain = STANDARD.encode(text);
    let small = packed.then(|| STANDARD.encode(parts::gzip(text)));
    let contents = match small.filter(|small| small.len() < plain.len()) {
        Some(small) => json!({"compression": "gzip", "source": format!("data:;base64,{small}")}),
        None => json!({"source": format!("data:;base64,{plain}")}),
    };
    json!({"path": path, "mode": mode, "overwrite": true, "contents": contents})
}
