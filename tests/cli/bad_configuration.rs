//! Configurations that are wrong: every mistake is told, with its place; nothing is changed; nothing
//! panics.

use crate::place::Place;

/// Every command that reads the configuration refuses it with these texts, and touches nothing.
fn refused(place: &Place, texts: &[&str]) {
    let before = place.content();
    for line in
        ["plan -input=false", "apply -auto-approve -input=false", "plan -out=p -input=false"]
    {
        place.kprov(line).fails(texts);
        assert_eq!(place.content(), before, "{line} changed something: {texts:?}");
    }
}

fn wrong(main: &str, texts: &[&str]) {
    refused(&Place::new(main), texts);
}

#[test]
fn syntax_errors_come_all_at_once() {
    let place = Place::new(
        "resource \"terraform_data\" \"a\" {
           input = [1, 2
         }

         resource \"terraform_data\" \"b\" {
           input = = 3
         }",
    );
    place.write("other.tf", "locals {\n  x = \"${\"\n}\n");
    place.write("third.tf", "resource {\n");
    refused(&place, &["main.tf", "other.tf", "third.tf", "line 6"]);
    place.kprov("validate").fails(&["main.tf", "other.tf", "third.tf"]);
}

#[test]
fn each_mistake_is_named_with_its_place() {
    wrong(
        "resource \"terraform_data\" \"a\" { input = local.nowhere }",
        &["nowhere", "main.tf line 1"],
    );
    wrong("output \"o\" { value = var.nobody }", &["nobody", "main.tf line 1"]);
    wrong("output \"o\" { value = terraform_data.none.id }", &["terraform_data", "none"]);
    wrong("output \"o\" { value = module.none.x }", &["none"]);
    wrong("output \"o\" { value = data.local_file.none.content }", &["local_file", "none"]);
    wrong("output \"o\" { value = nofunction(1) }", &["nofunction"]);
    wrong("output \"o\" { value = uper(\"x\") }", &["uper", "upper"]);
    wrong("resource \"terraform_dat\" \"a\" {}", &["terraform_dat"]);
    wrong("resource \"terraform_data\" \"a\" { inptu = 1 }", &["inptu"]);
    wrong(
        "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"a\" {}",
        &["terraform_data", "main.tf line 2"],
    );
    wrong("output \"o\" { value = 1 + \"x\" }", &["main.tf line 1", "number"]);
    wrong("output \"o\" { value = [1][5] }", &["main.tf line 1"]);
    wrong(
        "resource \"local_file\" \"f\" {\n filename = [1]\n content = \"\"\n}",
        &["filename", "string"],
    );
    wrong("resource \"local_file\" \"f\" { content = \"x\" }", &["filename"]);
    wrong("resource \"terraform_data\" \"a\" { count = -1 }", &["count"]);
    wrong("resource \"terraform_data\" \"a\" { for_each = [1] }", &["for_each"]);
    wrong("frobnicate \"x\" {}", &["frobnicate"]);
    wrong("terraform { required_version = \">= 99\" }", &["99"]);
    wrong("module \"m\" { source = \"./nowhere\" }", &["nowhere"]);
    wrong("module \"m\" { source = \"git::https://example.com/x.git\" }", &["m"]);
}

#[test]
fn cycles_are_named_in_order() {
    let place = Place::new(
        "locals {
           a = local.b
           b = local.c
           c = local.a
           x = local.x
         }",
    );
    let planned = place.kprov("plan").fails(&["Cycle", "local.a", "local.b", "local.c", "local.x"]);
    let at = |name: &str| planned.stderr.find(name).expect("named");
    assert!(at("local.a") < at("local.b") && at("local.b") < at("local.c"), "{planned}");
    wrong(
        "resource \"terraform_data\" \"a\" { input = terraform_data.b.id }
         resource \"terraform_data\" \"b\" { input = terraform_data.a.id }",
        &["Cycle", "terraform_data.a", "terraform_data.b"],
    );
    wrong(
        "resource \"terraform_data\" \"a\" { input = terraform_data.a.id }",
        &["terraform_data.a"],
    );
}

#[test]
fn binary_garbage_is_no_configuration() {
    let garbage: Vec<u8> =
        (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let place = Place::empty();
    place.write("main.tf", &garbage);
    refused(&place, &["main.tf"]);
    for name in ["terraform.tfvars", "x.auto.tfvars", "x.auto.tfvars.json", "terraform.tfvars.json"]
    {
        let place = Place::new("variable \"v\" { default = 1 }");
        place.write(name, &garbage);
        refused(&place, &[name]);
    }
    let place = Place::new("variable \"v\" { default = 1 }");
    place.write("given.tfvars", &garbage);
    place.kprov("plan -var-file=given.tfvars").fails(&["given.tfvars"]);
    let place = Place::new("locals {}\n\0\0\0");
    refused(&place, &["main.tf"]);
    let place = Place::empty();
    place.write("main.tf", b"locals { x = \"\xff\xfe\" }");
    refused(&place, &["main.tf"]);
}

#[test]
fn wrong_values_in_files_are_told() {
    let check = |name: &str, content: &str| {
        let place = Place::new("variable \"v\" { type = number }");
        place.write(name, content);
        refused(&place, &[name]);
    };
    check("terraform.tfvars", "v = \"x\"");
    check("terraform.tfvars", "v = other.thing");
    check("terraform.tfvars", "v {\n}\n");
    check("a.auto.tfvars.json", "{\"v\": \"x\"}");
    check("a.auto.tfvars.json", "{\"v\": 1");
    check("a.auto.tfvars.json", "[1]");
}

#[test]
fn nesting_without_end_ends() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!("locals {{\n  x = {}{inner}{}\n}}\n", open.repeat(times), close.repeat(times))
    };
    // However deep: it is planned or refused with its place, and the stack holds.
    for times in [50, 1_000, 20_000] {
        for (open, inner, close) in [
            ("[", "1", "]"),
            ("(", "1", ")"),
            ("{ a = ", "1", " }"),
            ("-", "1", ""),
            ("!", "true", ""),
            ("1 + ", "1", ""),
            ("true ? 1 : ", "1", ""),
            ("upper(", "\"x\"", ")"),
            ("\"${", "1", "}\""),
            ("[for a in [1] : ", "1", "]"),
            ("a", "", ".b"),
            ("x", "", "[0]"),
        ] {
            let place = Place::new(&deep(open, inner, close, times));
            let planned = place.kprov("plan");
            match planned.code {
                Some(0) => {}
                Some(1) => drop(planned.fails(&["main.tf"])),
                _ => panic!("{open:?} {times} times: {:?} {:?}", planned.code, planned.signal),
            }
        }
    }
    let place = Place::new(&format!("{}{}", "a {\n".repeat(20_000), "}\n".repeat(20_000)));
    refused(&place, &["main.tf"]);
}

#[test]
fn huge_tokens_are_read() {
    let name = "n".repeat(100_000);
    let text = "t".repeat(2_000_000);
    let digits = "9".repeat(20_000);
    let place = Place::new(&format!(
        "locals {{\n  {name} = \"{text}\"\n  d = {digits}\n}}\noutput \"o\" {{ value = length(local.{name}) }}\n"
    ));
    place.kprov("plan").succeeds().says(&["2000000"]);
    wrong(&format!("locals {{ x = {name} }}"), &["main.tf line 1"]);
    let _ = Place::new(&format!("output \"o\" {{ value = 1e{digits} }}")).kprov("plan");
}

#[test]
fn modules_that_lead_in_a_circle_are_told() {
    let place = Place::new("module \"m\" { source = \"./m\" }");
    place.write("m/main.tf", "module \"up\" { source = \"../\" }");
    refused(&place, &["m"]);
    let place = Place::new("module \"m\" { source = \"./m\" }");
    place.write("m/main.tf", "module \"again\" { source = \"./again\" }");
    std::os::unix::fs::symlink("../m", place.path("m/again")).expect("a link");
    refused(&place, &["again"]);
    let place = Place::new("module \"m\" { source = \"./loop\" }");
    std::os::unix::fs::symlink("loop", place.path("loop")).expect("a link");
    refused(&place, &["loop"]);
    let place = Place::new("");
    std::os::unix::fs::symlink("self.tf", place.path("self.tf")).expect("a link");
    refused(&place, &["self.tf"]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let place = Place::new("");
    std::fs::create_dir(place.path("directory.tf")).expect("a directory");
    let planned = place.kprov("plan");
    // Terraform skips directories of such names; whichever: no panic, and no word lost.
    assert!(planned.code == Some(0) || planned.stderr.contains("directory.tf"), "{planned}");
    let place = Place::new("");
    std::os::unix::fs::symlink("nowhere", place.path("dangling.tf")).expect("a link");
    refused(&place, &["dangling.tf"]);
    wrong("output \"o\" { value = file(\"nowhere.txt\") }", &["nowhere.txt"]);
    wrong("output \"o\" { value = file(\".\") }", &["main.tf line 1"]);
    wrong("output \"o\" { value = templatefile(\"nowhere.tpl\", {}) }", &["nowhere.tpl"]);
    let place = Place::new("output \"o\" { value = file(\"binary\") }");
    place.write("binary", b"\xff\xfe\xfd");
    refused(&place, &["binary", "filebase64"]);
}

#[test]
fn a_backend_that_is_not_there_is_told() {
    let place = Place::new("terraform {\n  backend \"s3\" {}\n}");
    place.kprov("init").fails(&["s3"]);
}

#[test]
fn what_a_local_backend_says_is_looked_at_by_init() {
    let init = |body: &str| {
        let place =
            Place::new(&format!("terraform {{\n  backend \"local\" {{\n    {body}\n  }}\n}}"));
        place.kprov("init")
    };
    init("pth = \"x\"").fails(&["Unsupported argument", "\"pth\"", "\"path\"", "main.tf line 3"]);
    init("path = var.x").fails(&["Variables not allowed", "main.tf line 3"]);
    init("path = []").fails(&["main.tf line 3"]);
    init("place {}").fails(&["Unsupported block type", "place"]);
    init("").succeeds();
    init("path = null").succeeds().hides("kprov.db");
    // The place is Terraform's: nothing is written there, and that is said.
    init("path = \"x.tfstate\"").succeeds().complains(&["\"path\"", "kprov.db"]);
}
