//! `#cloud-config`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::{Content, UNIT, parts};

pub(super) fn render(content: &Content<'_>) -> String {
    let mut files: Vec<Json> = content
        .files
        .iter()
        .map(|(path, mode, text)| file(path, *mode, text, content.packed))
        .collect();
    files.push(file(&format!("/etc/systemd/system/{UNIT}"), 0o644, &content.unit, content.packed));
    let mut config = json!({
        "write_files": files,
        "runcmd": [["systemctl", "daemon-reload"], ["systemctl", "enable", UNIT], ["systemctl", "start", UNIT]],
    });
    if let Some(disk) = content.disk {
        config["fs_setup"] = json!([{"device": disk.device, "filesystem": "ext4", "label": "kprov", "overwrite": false}]);
        config["mounts"] =
            json!([[disk.device, disk.path, "ext4", "defaults,noatime,nofail", "0", "2"]]);
    }
    // JSON is YAML, and needs no quoting of its own.
    format!("#cloud-config\n{config}\n")
}

fn file(path: &str, mode: u32, text: &str, packed: bool) -> Json {
    let mut file =
        json!({"path": path, "permissions": format!("{mode:04o}"), "owner": "root:root"});
    let small = packed.then(|| STANDARD.encode(parts::gzip(text)));
    match small.filter(|small| small.len() < text.len()) {
        Some(small) => {
            file["encoding"] = "gz+b64".into();
            file["content"] = small.into();
        }
        None => file["content"] = text.into(),
    }
    file
}
