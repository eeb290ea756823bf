//! Output values as `kprov output` shows them: the form of the language, sensitive ones hidden.

use std::collections::BTreeMap;

use kprov_core::value::render_hcl;
use kprov_core::{Str, Value};

/// `name = value` lines. Ends with a newline; empty for none.
pub(crate) fn outputs(outputs: &BTreeMap<Str, Value>) -> String {
    let mut out = String::new();
    for (name, output) in outputs {
        let text = if is_secret(output) { "<sensitive>".to_owned() } else { render_hcl(output, 0) };
        out.push_str(&format!("{name} = {text}\n"));
    }
    out
}

/// One value, as asked for by name. Without a newline.
pub(crate) fn value(value: &Value) -> String {
    render_hcl(value, 0)
}

/// Hidden as a whole; what is sensitive further inside is hidden where it is.
fn is_secret(value: &Value) -> bool {
    value.marks().contains(kprov_core::Marks::SENSITIVE)
}
