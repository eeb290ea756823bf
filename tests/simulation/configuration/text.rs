//! A [`Config`] as files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ARGUMENT, Call, Config, Item, Keys, Module, Pick, Ref, Resource, Size};

/// Files by path.
pub(crate) fn files(config: &Config) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    module_files(&config.root, "", &mut files);
    files
}

fn module_files(module: &Module, directory: &str, files: &mut BTreeMap<String, String>) {
    files.insert(format!("{directory}main.tf"), module_text(module));
    for item in &module.items {
        if let Item::Call(call) = item {
            module_files(&call.body, &format!("{directory}{}/", call.name), files);
        }
    }
}

fn module_text(module: &Module) -> String {
    let mut text = String::from(
        "variable \"size\" {\n  default = 7\n}\nvariable \"ids\" {\n  type    = list(string)\n  \
         default = []\n}\n",
    );
    text.push_str("locals {\n");
    for (name, value) in &module.locals {
        let _ = writeln!(text, "  {name} = {value}");
    }
    for item in &module.items {
        let all = whole(item);
        let _ = writeln!(text, "  ids_{} = {all}", item.name());
    }
    text.push_str("}\n");
    for item in &module.items {
        match item {
            Item::Resource(resource) => resource_text(module, resource, &mut text),
            Item::Call(call) => call_text(module, call, &mut text),
        }
    }
    let all: Vec<String> = module.items.iter().map(whole).collect();
    let _ = writeln!(text, "output \"ids\" {{\n  value = concat([], {})\n}}", all.join(", "));
    for (from, to) in &module.moved {
        let _ = writeln!(text, "moved {{\n  from = {from}\n  to   = {to}\n}}");
    }
    text
}

/// All ids of an item, as a list.
fn whole(item: &Item) -> String {
    let address = item.address();
    match (item, item.keys()) {
        (Item::Resource(_), Keys::One) => format!("[{address}.id]"),
        (Item::Resource(_), Keys::Count(_)) => format!("{address}[*].id"),
        (Item::Resource(_), Keys::Each(_)) => format!("[for it in {address} : it.id]"),
        (Item::Call(_), Keys::One) => format!("{address}.ids"),
        (Item::Call(_), Keys::Count(_)) => format!("flatten({address}[*].ids)"),
        (Item::Call(_), Keys::Each(_)) => format!("flatten([for it in {address} : it.ids])"),
    }
}

fn reference(module: &Module, own: &Keys, it: &Ref) -> String {
    if it.to == ARGUMENT {
        return ARGUMENT.to_owned();
    }
    let Some(target) = module.item(&it.to) else { return "[]".to_owned() };
    let key = match it.pick {
        Pick::All => return whole(target),
        Pick::Local => return format!("local.ids_{}", it.to),
        Pick::Nth(nth) => target.keys().suffix(nth),
        Pick::Same if matches!(own, Keys::Count(_)) => "[count.index]".to_owned(),
        Pick::Same => "[each.key]".to_owned(),
    };
    match target {
        Item::Resource(_) => format!("[{}{key}.id]", target.address()),
        Item::Call(_) => format!("{}{key}.ids", target.address()),
    }
}

fn references(module: &Module, own: &Keys, refs: &[Ref]) -> String {
    let parts: Vec<String> = refs.iter().map(|it| reference(module, own, it)).collect();
    format!("concat([], {})", parts.join(", "))
}

fn repetition(keys: &Keys, text: &mut String) {
    match keys {
        Keys::One => {}
        Keys::Count(count) => {
            let _ = writeln!(text, "  count = {count}");
        }
        Keys::Each(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            let _ = writeln!(text, "  for_each = {{ {} }}", entries.join(", "));
        }
    }
}

fn size(size: &Size, keys: &Keys) -> String {
    match (size, keys) {
        (Size::Literal(number), _) | (Size::Repeated(number), Keys::One) => number.to_string(),
        (Size::Local(name), _) => format!("local.{name}"),
        (Size::Argument, _) => "var.size".to_owned(),
        (Size::Repeated(base), Keys::Count(_)) => format!("{base} + count.index"),
        (Size::Repeated(_), Keys::Each(_)) => "each.value".to_owned(),
    }
}

fn depends_on(module: &Module, names: &[String], text: &mut String) {
    let addresses: Vec<String> =
        names.iter().filter_map(|name| module.item(name)).map(Item::address).collect();
    if !addresses.is_empty() {
        let _ = writeln!(text, "  depends_on = [{}]", addresses.join(", "));
    }
}

fn resource_text(module: &Module, resource: &Resource, text: &mut String) {
    let keys = &resource.keys;
    let _ = writeln!(text, "resource \"sim_object\" \"{}\" {{", resource.name);
    match (&resource.late, keys) {
        (Some(late), Keys::Count(count)) => {
            let _ = writeln!(text, "  count = sim_object.{late}.etag == \"\" ? 0 : {count}");
        }
        _ => repetition(keys, text),
    }
    let _ = writeln!(text, "  size = {}", size(&resource.size, keys));
    let _ = writeln!(text, "  kind = \"k{}\"", resource.kind);
    for (name, refs) in [("refs", &resource.refs), ("links", &resource.links)] {
        if !refs.is_empty() {
            let _ = writeln!(text, "  {name} = {}", references(module, keys, refs));
        }
    }
    if let Some(Item::Resource(noted)) = resource.note.as_ref().and_then(|it| module.item(it)) {
        let list = match noted.keys {
            Keys::One => format!("[sim_object.{}.etag]", noted.name),
            Keys::Count(_) => format!("sim_object.{}[*].etag", noted.name),
            Keys::Each(_) => format!("[for it in sim_object.{} : it.etag]", noted.name),
        };
        let _ = writeln!(text, "  note = join(\",\", {list})");
    }
    depends_on(module, &resource.depends_on, text);
    if resource.create_before_destroy || resource.replaced_with.is_some() {
        text.push_str("  lifecycle {\n");
        if resource.create_before_destroy {
            text.push_str("    create_before_destroy = true\n");
        }
        if let Some(name) = &resource.replaced_with {
            let _ = writeln!(text, "    replace_triggered_by = [sim_object.{name}]");
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
}

fn call_text(module: &Module, call: &Call, text: &mut String) {
    let _ = writeln!(text, "module \"{}\" {{\n  source = \"./{}\"", call.name, call.name);
    repetition(&call.keys, text);
    let _ = writeln!(text, "  size = {}", size(&call.size, &call.keys));
    if !call.ids.is_empty() {
        let _ = writeln!(text, "  ids = {}", references(module, &call.keys, &call.ids));
    }
    depends_on(module, &call.depends_on, text);
    text.push_str("}\n");
}
