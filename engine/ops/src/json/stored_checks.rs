//! Checks as the state holds them (`check_results` of state v4), read back.

use kprov_core::addr::{parse_instance, parse_module, parse_resource};
use kprov_core::{InstanceKey, ModuleAddr, ModulePath, Str};
use kprov_plan::{CheckKind, CheckObject, CheckReport, CheckStatus};
use kprov_state::CheckRecord;
use serde::Deserialize;

#[derive(Deserialize)]
struct Stored {
    object_kind: String,
    config_addr: String,
    status: String,
    #[serde(default)]
    objects: Option<Vec<StoredObject>>,
}

#[derive(Deserialize)]
struct StoredObject {
    object_addr: String,
    status: String,
    #[serde(default)]
    failure_messages: Option<Vec<String>>,
}

/// The checks of a state; what is not understood is left out.
pub fn stored_checks(records: &[CheckRecord]) -> Vec<CheckReport> {
    records
        .iter()
        .filter_map(|record| serde_json::from_str::<Stored>(record.get()).ok())
        .filter_map(|stored| report(&stored))
        .collect()
}

fn report(stored: &Stored) -> Option<CheckReport> {
    let kind = match stored.object_kind.as_str() {
        "resource" => CheckKind::Resource,
        "output" => CheckKind::OutputValue,
        "check" => CheckKind::Check,
        "var" => CheckKind::Var,
        _ => return None,
    };
    let (module, name, resource) = if kind == CheckKind::Resource {
        let addr = parse_resource(&stored.config_addr).ok()?;
        (addr.module, addr.resource.name.clone(), Some(addr.resource))
    } else {
        let (module, name) = split(kind, &stored.config_addr)?;
        (module.path(), name, None)
    };
    let objects = stored.objects.iter().flatten().filter_map(|found| object(kind, found));
    Some(CheckReport {
        kind,
        module: ModulePath::clone(&module),
        name,
        resource,
        status: status(&stored.status),
        objects: objects.collect(),
    })
}

fn object(kind: CheckKind, stored: &StoredObject) -> Option<CheckObject> {
    let (module, key) = if kind == CheckKind::Resource {
        let addr = parse_instance(&stored.object_addr).ok()?;
        (addr.module, addr.key)
    } else {
        (split(kind, &stored.object_addr)?.0, InstanceKey::None)
    };
    Some(CheckObject {
        module,
        key,
        status: status(&stored.status),
        problems: stored.failure_messages.clone().unwrap_or_default(),
    })
}

/// `module.a["k"].output.x` is module and name.
fn split(kind: CheckKind, text: &str) -> Option<(ModuleAddr, Str)> {
    let word = match kind {
        CheckKind::OutputValue => "output.",
        CheckKind::Check => "check.",
        CheckKind::Var => "var.",
        CheckKind::Resource => return None,
    };
    if let Some(name) = text.strip_prefix(word) {
        return Some((ModuleAddr::root(), name.into()));
    }
    let (module, name) = text.rsplit_once(&format!(".{word}"))?;
    Some((parse_module(module).ok()?, name.into()))
}

fn status(word: &str) -> CheckStatus {
    match word {
        "pass" => CheckStatus::Pass,
        "fail" => CheckStatus::Fail,
        "error" => CheckStatus::Error,
        _ => CheckStatus::Unknown,
    }
}
