//! Loads module trees from memory: each kind of error, overrides, module sources.

use std::collections::BTreeMap;

use kprov_core::{ModulePath, Severity, Str};
use kprov_lang::config::{EmbeddedModules, IgnoreChanges, ModuleTree, load_tree};
use kprov_lang::{FileError, FileKind, Files, SourceMap};

/// Files in a map; a name that ends in `@` is a link to the directory above.
#[derive(Debug, Default)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    fn real(path: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            if part.ends_with('@') {
                continue;
            }
            parts.push(part);
        }
        parts.join("/")
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let missing = || FileError::NotFound { path: path.to_owned() };
        self.0.get(&Memory::real(path)).cloned().ok_or_else(missing)
    }
    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        Ok(self.0.contains_key(path).then_some(FileKind::File))
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let real = Memory::real(path);
        let prefix =
            if real == "." || real.is_empty() { String::new() } else { format!("{real}/") };
        let inside = |name: &&String| name.starts_with(&prefix);
        let names: Vec<String> = self
            .0
            .keys()
            .filter(inside)
            .map(|name| name[prefix.len()..].to_owned())
            .filter(|name| !name.contains('/'))
            .collect();
        if names.is_empty() && !prefix.is_empty() {
            return Err(FileError::NotFound { path: path.to_owned() });
        }
        Ok(names)
    }
    fn current_dir(&self) -> String {
        "/".to_owned()
    }
    fn home_dir(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct Modules;

impl EmbeddedModules for Modules {
    fn files(&self, name: &str) -> Option<Vec<(String, String)>> {
        let text = match name {
            "cluster" => "module \"net\" {\n  source = \"../network\"\n}\n",
            "network" => "output \"o\" {\n  value = 1\n}\n",
            _ => return None,
        };
        Some(vec![("main.tf".to_owned(), text.to_owned()), ("README.md".into(), "x".into())])
    }
    fn names(&self) -> Vec<String> {
        vec!["cluster".to_owned(), "network".to_owned()]
    }
}

fn load(files: &[(&str, &str)]) -> (ModuleTree, Vec<String>) {
    let files =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let (tree, problems) = load_tree(&Memory(files), &SourceMap::new(), &Modules, ".");
    let show = |problem: &kprov_core::Diagnostic| {
        let place = problem.subject.as_ref().map_or_else(
            || "nowhere".to_owned(),
            |range| format!("{}:{}", range.filename, range.start.line),
        );
        let mark = if problem.severity == Severity::Warning { "warning " } else { "" };
        format!("{mark}{place} {}", problem.summary)
    };
    (tree, problems.iter().map(show).collect())
}

/// Compares the problems of one file, as line and summary.
fn check_file(text: &str, expected: &[&str]) {
    let (_, problems) = load(&[("main.tf", text)]);
    let found: Vec<_> = problems.iter().map(|it| it.replacen("main.tf:", "", 1)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn wrong_variables_outputs_and_calls_are_told() {
    check_file("resorce \"a\" \"b\" {\n}\n", &["1 Unsupported block type"]);
    check_file("variable \"a\" {\n  typ = string\n}\n", &["2 Unsupported argument"]);
    check_file("variable \"for_each\" {\n}\n", &["1 Invalid variable name"]);
    check_file(
        "variable \"a\" {\n  default = null\n  nullable = false\n}\n",
        &["2 Invalid default value for variable"],
    );
    check_file(
        "variable \"a\" {\n  type = number\n  default = \"x\"\n}\n",
        &["3 Invalid default value for variable"],
    );
    check_file(
        "variable \"a\" {\n  type = \"string\"\n}\n",
        &["2 Invalid quoted type constraints"],
    );
    check_file(
        "output \"a\" {\n  value = 1\n  sensitive = \"x\"\n}\n",
        &["3 Unsuitable value type"],
    );
    check_file(
        "output \"a\" {\n  value = 1\n  postcondition {\n    condition = var.x\n    \
           error_message = \"\"\n  }\n}\n",
        &["3 Postconditions are not allowed"],
    );
    check_file("module \"m\" {\n}\n", &["1 Missing required argument"]);
    check_file(
        "module \"m\" {\n  source = \"git::https://x/y\"\n}\n",
        &["1 Unsupported module source"],
    );
    check_file("module \"m\" {\n  source = \"./nope\"\n}\n", &["1 Unreadable module directory"]);
    check_file(
        "module \"m\" {\n  source = \"kprov//clster\"\n}\n",
        &["1 Unreadable module directory"],
    );
    check_file(
        "module \"m\" {\n  source = \"kprov//network\"\n  x = 1\n}\n",
        &["3 Unsupported argument"],
    );
    check_file(
        "module \"m\" {\n  source = \"kprov//network\"\n  providers = []\n}\n",
        &["3 Invalid expression"],
    );
}

#[test]
fn wrong_resources_and_providers_are_told() {
    check_file(
        "data \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n",
        &["3 Invalid data resource lifecycle argument"],
    );
    check_file(
        "data \"a\" \"b\" {\n  provisioner \"local-exec\" {\n  }\n}\n",
        &["2 Reserved block type name in data block"],
    );
    check_file("resource \"a\" \"b\" {\n  depends_on = var.x\n}\n", &["2 Invalid expression"]);
    check_file(
        "resource \"a\" \"b\" {\n  depends_on = [\"a.c\"]\n}\n",
        &["warning 2 Quoted references are deprecated"],
    );
    check_file(
        "resource \"a\" \"b\" {\n  provider = a.b.c\n}\n",
        &["2 Invalid provider configuration reference"],
    );
    check_file(
        "resource \"a\" \"b\" {\n  connection {\n  }\n  connection {\n  }\n}\n",
        &["4 Duplicate connection block"],
    );
    check_file(
        "provider \"a\" {\n}\nprovider \"a\" {\n}\n",
        &["3 Duplicate provider configuration"],
    );
    check_file(
        "provider \"a\" {\n  count = 1\n}\n",
        &["2 Reserved argument name in provider block"],
    );
}

#[test]
fn wrong_moves_checks_and_settings_are_told() {
    check_file("removed {\n  from = data.a.b\n}\n", &["2 Data source address not allowed"]);
    check_file("removed {\n  from = module.a[0]\n}\n", &["2 Module instance keys not allowed"]);
    check_file("moved {\n  from = a.b[1.5]\n  to = a.c\n}\n", &["2 Invalid address"]);
    check_file("import {\n  to = data.a.b\n  id = \"x\"\n}\n", &["2 Invalid import address"]);
    check_file("check \"c\" {\n}\n", &["1 Zero assert blocks"]);
    check_file(
        "check \"c\" {\n  assert {\n    condition = true\n    error_message = \"\"\n  }\n}\n",
        &["3 Invalid assert expression", "1 Zero assert blocks"],
    );
    check_file("terraform {\n  required_version = \"x\"\n}\n", &["2 Invalid version constraint"]);
    check_file(
        "terraform {\n  required_providers {\n    a = {\n      source = \"/\"\n    }\n  }\n}\n",
        &["4 Invalid provider source string"],
    );
    check_file(
        "terraform {\n  required_providers {\n    a = {\n      sorce = \"a/b\"\n    }\n  }\n}\n",
        &["4 Invalid required_providers object"],
    );
    check_file("terraform {\n  experiments = [x]\n}\n", &["2 Unknown experiment keyword"]);
    check_file("required_providers {\n}\n", &["1 Invalid required_providers block"]);
    check_file(
        "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n",
        &["5 Duplicate local value definition"],
    );
}

#[test]
fn rules_that_are_easily_forgotten_are_held() {
    let lifecycle =
        |inside: &str| format!("resource \"a\" \"b\" {{\n  lifecycle {{\n    {inside}\n  }}\n}}\n");
    check_file(&lifecycle("prevent_destroy = null"), &["3 Unsuitable value type"]);
    check_file(&lifecycle("ignore_changes = \"all\""), &["3 Invalid expression"]);
    check_file(
        &lifecycle("ignore_changes = [\"*\", x]"),
        &["3 Invalid ignore_changes wildcard", "3 Invalid ignore_changes ruleset"],
    );
    check_file(&lifecycle("replace_triggered_by = [a.c[count.index], a.d]"), &[]);
    check_file(
        "terraform {\n  backend \"local\" {}\n  cloud {}\n}\n",
        &["2 Both a backend and cloud configuration are present"],
    );
    check_file(
        "terraform {\n  required_providers {}\n  required_providers {}\n}\n",
        &["3 Duplicate required_providers block"],
    );
    check_file(
        "import {\n  to = a.b[1]\n  id = 1\n}\nimport {\n  to = a.b[0]\n  id = 2\n}\nimport {\n  to = a.b[1]\n  id = 3\n}\n",
        &["10 Duplicate import configuration"],
    );
    check_file("moved {\n  from = var.x\n  to = a.b\n}\n", &["2 Invalid address"]);
    check_file(
        "removed {\n  from = module.x\n  provisioner \"local-exec\" {\n    when = destroy\n  }\n}\n",
        &["3 Invalid provisioner block"],
    );
    check_file("module \"a\" {\n  source = \"\"\n}\n", &["2 Invalid module source address"]);
    let missing = "module \"a\" {\n  source = \"./x\"\n}\nmodule \"b\" {\n  source = \"./y\"\n}\n";
    check_file(missing, &["1 Unreadable module directory", "4 Unreadable module directory"]);
    check_file(&format!("{missing}x = 1\n"), &["7 Unsupported argument"]);
}

#[test]
fn overrides_are_merged() {
    let (tree, problems) = load(&[
        (
            "main.tf",
            "variable \"v\" {\n  default = 1\n}\nlocals {\n  l = 1\n}\n\
          resource \"a\" \"b\" {\n  count = 2\n  x = 1\n  y = 1\n  n {\n    p = 1\n  }\n  \
          lifecycle {\n    prevent_destroy = true\n  }\n}\n",
        ),
        (
            "a_override.tf",
            "resource \"a\" \"b\" {\n  for_each = {}\n  x = 2\n  n {\n    q = 1\n  }\n\
          \n  n {\n    q = 2\n  }\n  lifecycle {\n    ignore_changes = all\n  }\n}\n",
        ),
        ("override.tf", "variable \"v\" {\n  description = \"d\"\n}\nlocals {\n  l = 2\n}\n"),
    ]);
    assert_eq!(problems, Vec::<String>::new());
    let root = &tree.modules[&ModulePath::root()];
    assert_eq!(root.variables["v"].description, Some(Str::new("d")));
    assert!(root.variables["v"].default.is_some());
    let resource = root.resources.values().next().expect("one resource");
    assert!(matches!(resource.repetition, kprov_lang::config::Repetition::ForEach(_)));
    assert!(resource.lifecycle.prevent_destroy);
    assert!(matches!(resource.lifecycle.ignore_changes, IgnoreChanges::All));
    let names: Vec<_> = resource.body.attributes.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    let nested: Vec<_> = resource.body.blocks_of("n").collect();
    assert_eq!(nested.len(), 2);
    assert!(nested.iter().all(|block| block.body.attribute("q").is_some()));
}

#[test]
fn rotation_blocks_are_kept_as_they_are_written() {
    let group = "resource \"a\" \"b\" {\n  lifecycle {\n    rotation {\n      role = var.x\n      \
                 hook \"verified\" {\n      }\n    }\n  }\n}\n";
    let rotation = |files: &[(&str, &str)]| {
        let (tree, problems) = load(files);
        assert_eq!(problems, Vec::<String>::new());
        let root = &tree.modules[&ModulePath::root()];
        let resource = root.resources.values().next().expect("one resource");
        assert!(resource.body.blocks.is_empty(), "the provider does not see it");
        let body = resource.lifecycle.rotation.clone().expect("a rotation");
        let names: Vec<String> = body.attributes.iter().map(|it| it.name.to_string()).collect();
        let hooks = body.blocks_of("hook").map(|hook| hook.labels[0].0.to_string()).collect();
        (names, hooks)
    };
    let strings = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        rotation(&[("main.tf", group)]),
        (strings(&["role"]), strings(&["verified"])),
        "whatever stands in it"
    );
    // An override replaces the block, as it replaces an argument.
    let other =
        "resource \"a\" \"b\" {\n  lifecycle {\n    rotation {\n      retries = 2\n    }\n  }\n}\n";
    let plain = "resource \"a\" \"b\" {\n}\n";
    for base in [group, plain] {
        let overridden = rotation(&[("main.tf", base), ("override.tf", other)]);
        assert_eq!(overridden, (strings(&["retries"]), strings(&[])));
    }
    let kept = "resource \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n";
    let kept = rotation(&[("main.tf", group), ("override.tf", kept)]);
    assert_eq!(kept, (strings(&["role"]), strings(&["verified"])));
}

#[test]
fn a_rotation_stands_once_and_in_managed_resources_only() {
    let lifecycle = |kind: &str, inside: &str| {
        format!("{kind} \"a\" \"b\" {{\n  lifecycle {{\n{inside}\n  }}\n}}\n")
    };
    check_file(
        &lifecycle("resource", "rotation {\n}\nrotation {\n}"),
        &["5 Duplicate rotation block"],
    );
    check_file(&lifecycle("data", "rotation {\n}"), &["3 Invalid data resource lifecycle block"]);
    check_file(
        &lifecycle("ephemeral", "rotation {\n}"),
        &["3 Invalid ephemeral resource lifecycle block"],
    );
    check_file(&lifecycle("resource", "rotation = 1"), &["3 Unsupported argument"]);
    check_file(&lifecycle("resource", "rotation \"x\" {\n}"), &["3 Extraneous label for rotation"]);
}

#[test]
fn overrides_need_a_base() {
    let check = |text: &str, expected: &str| {
        let (_, problems) = load(&[("main.tf", ""), ("override.tf", text)]);
        assert_eq!(problems, [format!("override.tf:{expected}")], "{text}");
    };
    check("resource \"a\" \"b\" {\n}\n", "1 Missing resource to override");
    check("locals {\n  a = 1\n}\n", "2 Missing base local value definition to override");
    check("moved {\n}\n", "1 Cannot override 'moved' blocks");
}

#[test]
fn modules_are_followed() {
    let call =
        |name: &str, source: &str| format!("module \"{name}\" {{\n  source = \"{source}\"\n}}\n");
    let main =
        format!("{}{}{}", call("a", "./m/x"), call("b", "./m/./x"), call("c", "kprov//cluster"));
    let (tree, problems) = load(&[
        ("main.tf", &main),
        ("m/x/main.tf", &call("y", "../y")),
        ("m/y/main.tf", "output \"o\" {\n  value = 1\n}\n"),
    ]);
    assert_eq!(problems, Vec::<String>::new());
    let shown: Vec<_> =
        tree.modules.iter().map(|(path, module)| format!("{path}={}", module.dir)).collect();
    assert_eq!(
        shown,
        [
            "=.",
            "module.a=m/x",
            "module.a.module.y=m/y",
            "module.b=m/x",
            "module.b.module.y=m/y",
            "module.c=kprov//cluster",
            "module.c.module.net=kprov//network",
        ]
    );
    let module = |name: &str| &tree.modules[&ModulePath::root().child(&Str::new(name))];
    assert!(std::sync::Arc::ptr_eq(module("a"), module("b")));
}

#[test]
fn endless_module_trees_end() {
    let call = |source: &str| format!("module \"a\" {{\n  source = \"{source}\"\n}}\n");
    let (_, problems) = load(&[("main.tf", &call("./m")), ("m/main.tf", &call("../m"))]);
    assert_eq!(problems, ["m/main.tf:1 Module calls itself"]);
    let (_, problems) = load(&[("main.tf", &call("./m")), ("m/main.tf", &call("./up@"))]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].ends_with("Module calls are nested too deeply"), "{problems:?}");
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let bytes = |bytes: &[u8]| {
        let files = [("main.tf".to_owned(), bytes.to_vec())].into_iter().collect();
        let (_, problems) = load_tree(&Memory(files), &SourceMap::new(), &Modules, ".");
        problems.iter().map(|it| it.summary.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(bytes(b"a = \"\xff\"\n"), ["Invalid character encoding"]);
    assert_eq!(bytes(&[0, 159, 146, 150]), ["Invalid character encoding"]);
    let (_, problems) = load(&[("main.tf.json", "{}")]);
    assert_eq!(problems, ["main.tf.json:1 JSON configuration is not supported"]);
    let (tree, problems) = load_tree(&Memory::default(), &SourceMap::new(), &Modules, "no/such");
    assert!(problems.has_errors() && tree.modules.contains_key(&ModulePath::root()));
}
