//! `version`

use serde_json::json;

use crate::output;

/// Prints the version.
pub(crate) fn version(as_json: bool) -> u8 {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        output::pretty_json(&json!({
            "kprov_version": version,
            "terraform_version": kprov_ops::json::TERRAFORM_VERSION,
            "platform": format!("{}_{}", std::env::consts::OS, std::env::consts::ARCH),
            "provider_selections": {},
            "terraform_outdated": false,
        }));
    } else {
        output::line(&format!("kprov v{version}"));
        output::line(&format!("language of Terraform v{}", kprov_ops::json::TERRAFORM_VERSION));
    }
    0
}
