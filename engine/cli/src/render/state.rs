//! Objects of a state, as `kprov show` and `kprov state show` print them.

use kprov_core::addr::quote;
use kprov_core::{ObjectAddr, ResourceMode};
use kprov_plan::PriorObject;

use super::Style;
use super::diff::{Body, Printer, Sign, whole};
use super::text::visible;

/// One object as a block, with its address above. Without a newline at the end.
pub(crate) fn object(address: &ObjectAddr, object: &PriorObject) -> String {
    let note = if object.tainted { " (tainted)" } else { "" };
    let mut out = format!("# {}:{note}\n", visible(&address.to_string()));
    let resource = &address.instance.resource;
    let keyword = match resource.mode {
        ResourceMode::Managed => "resource",
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => "ephemeral",
    };
    out.push_str(&format!("{keyword} {} {} {{\n", quote(&resource.ty), quote(&resource.name)));
    let node = whole(&object.value, Sign::Same);
    if let Body::Group(group) = &node.body {
        Printer { out: &mut out, style: Style::plain() }.everything_in(group, 2);
    }
    out.push('}');
    out
}
