//! docs/rotation.md says what the code says: the table of invariants, and a section for each code of a pause.
//! `KPROV_WRITE=1` writes the table anew.

use std::path::PathBuf;

use kprov_rotation::{Code, INVARIANTS};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rotation.md")
}

fn table() -> String {
    let rows = INVARIANTS.iter().map(|of| format!("| {} | {} | {} |\n", of.id, of.says, of.source));
    rows.collect()
}

#[test]
fn the_table_of_invariants_is_that_of_the_code() {
    let text = std::fs::read_to_string(path()).expect("docs/rotation.md is there");
    let head = "| id | what holds | source |\n|---|---|---|\n";
    let (before, rest) = text.split_once(head).expect("it has the table");
    let (written, after) = rest.split_once("\n\n").expect("something follows the table");
    if std::env::var_os("KPROV_WRITE").is_some() {
        let text = format!("{before}{head}{}\n{after}", table());
        std::fs::write(path(), text).expect("docs/rotation.md can be written");
        return;
    }
    assert_eq!(
        format!("{written}\n"),
        table(),
        "write it anew: KPROV_WRITE=1 cargo test -p kprov-rotation --test documentation"
    );
}

#[test]
fn each_code_of_a_pause_has_a_section_and_no_other_has() {
    let text = std::fs::read_to_string(path()).expect("docs/rotation.md is there");
    let (_, pauses) = text.split_once("## When it pauses").expect("it has the chapter");
    let (pauses, _) = pauses.split_once("\n## ").expect("another chapter follows");
    let written: Vec<&str> = pauses.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(written, codes);
    assert!(Code::ALL.iter().all(|code| code.advice().len() > 20));
}
