//! Objects of a state, as `kprov show` and `kprov state show` print them.

use kprov_core::addr::quote;
use kprov_core::value::Secrets;
use kprov_core::{ObjectAddr, ResourceMode};
use kprov_plan::PriorObject;

use super::diff::{Body, Printer, Sign, whole};
use super::text::visible;
use super::{Schemas, Style};

/// One object as a block, with its address above. Without a newline at the end.
pub(crate) fn object(address: &ObjectAddr, object: &PriorObject, schemas: Schemas<'_>) -> String {
    let note = if object.tainted { " (tainted)" } else { "" };
    let mut out = format!("# {}:{note}\n", visible(&address.to_string()));
    let resource = &address.instance.resource;
    let keyword = match resource.mode {
        ResourceMode::Managed => "resource",
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => "ephemeral",
    };
    out.push_str(&format!("{keyword} {} {} {{\n", quote(&resource.ty), quote(&resource.name)));
    let shown = Secrets::of([&object.value]).conceal(&object.value);
    let schema = schemas.block(&object.provider.provider, resource);
    let node = whole(&shown, Sign::Same, schema);
    if let Body::Group(group) = &node.body {
        Printer { out: &mut out, style: Style::plain() }.everything_in(group, 2);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::testing::change;
    use kprov_core::{Marks, Value};

    #[test]
    fn an_object_is_shown_whole_without_its_secrets() {
        let value = Value::object([
            ("id", Value::from("i-1")),
            ("unset", Value::NULL),
            ("json", r#"{"a":{"b":[1,null]}}"#.into()),
            ("text", "a\nb\n".into()),
            ("pw", Value::from("hunter2").with_marks(Marks::SENSITIVE)),
            ("list", Value::tuple([Value::tuple([]), Value::object([("k", Value::int(1))])])),
        ]);
        let like = change("module.m.t.a[0]", kprov_plan::Action::NoOp, Value::NULL, Value::NULL);
        let prior = PriorObject {
            provider: like.provider,
            value,
            private: like.prior_private,
            tainted: true,
            dependencies: Vec::new(),
            create_before_destroy: false,
        };
        insta::assert_snapshot!(object(&like.addr.current(), &prior, Schemas::default()));
    }
}
