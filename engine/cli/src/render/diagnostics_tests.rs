//! What problems look like, and that underlines stand beneath what they mean.

use kprov_core::{Diagnostic, Diagnostics};
use kprov_lang::{FileId, SourceMap, Span};

use super::Style;
use super::diagnostics::{compact, diagnostics};

/// The problem of the text between the brackets; they are taken out.
fn marked(text: &str) -> (SourceMap, Diagnostic) {
    let start = text.find('[').unwrap();
    let end = text.find(']').unwrap() - 1;
    let sources = SourceMap::new();
    let file: FileId = sources.add("main.tf", text.replace(['[', ']'], ""));
    let range = sources.range(Span { file, start: start as u32, end: end as u32 });
    (sources, Diagnostic::error("Wrong", "It is wrong.").at(range))
}

fn shown(sources: &SourceMap, problem: Diagnostic) -> String {
    diagnostics(&problem.into(), sources, Style::plain())
}

#[test]
fn a_problem_with_everything() {
    let (sources, problem) = marked(
        "variable \"nope\" {}\n\nresource \"terraform_data\" \"a\" {\n  input = [var.nope.x]\n}\n",
    );
    let mut problem = problem.of("terraform_data.a").hint("Did you mean var.node?");
    problem.summary = "Unsupported attribute".into();
    problem.detail = "Can't access attributes on a primitive-typed value (string), and this \
                      sentence is long enough to be broken.\n\nA list:\n  - kept as it is"
        .to_owned();
    problem.values.push(("var.nope".to_owned(), "is a string".to_owned()));
    insta::assert_snapshot!(shown(&sources, problem));
}

#[test]
fn underlines_stand_beneath_their_text() {
    for (text, line, carets) in [
        ("a = [b]", "   1: a = b", "          ^"),
        ("é = [ü]", "   1: é = ü", "          ^"),
        ("e\u{301} = [x]", "   1: e\u{301} = x", "          ^"),
        ("a = \"漢字\" + [x]", "   1: a = \"漢字\" + x", "                   ^"),
        ("a = [漢字]", "   1: a = 漢字", "          ^^^^"),
        ("\ta = [b]", "   1:     a = b", "              ^"),
        ("a = [👩‍👩‍👧]", "   1: a = 👩‍👩‍👧", "          ^^"),
        ("a =[]", "   1: a =", "         ^"),
    ] {
        let (sources, problem) = marked(text);
        let all = shown(&sources, problem);
        let mut lines = all.lines().skip_while(|line| !line.starts_with("   1:"));
        assert_eq!((lines.next(), lines.next()), (Some(line), Some(carets)), "{text}");
    }
}

#[test]
fn long_stretches_are_cut_in_the_middle() {
    let lines: Vec<String> = (1..=30).map(|n| format!("  line{n} = {n}")).collect();
    let (sources, problem) = marked(&format!("locals {{\n[{}]\n}}\n", lines.join("\n")));
    insta::assert_snapshot!(shown(&sources, problem));
}

#[test]
fn the_block_is_named_only_inside_it() {
    for (text, named) in [
        ("locals {\n  a = [b]\n}\n", Some(", in locals:")),
        ("locals {\n  a = 1\n}\n\n  [b]\n", None),
        ("variable \"x\" { # why\n  default = [b]\n}", Some(", in variable \"x\":")),
        ("a = [b]", None),
    ] {
        let (sources, problem) = marked(text);
        let all = shown(&sources, problem);
        let line = all.lines().find(|line| line.contains("on main.tf line")).unwrap();
        match named {
            Some(named) => assert!(line.ends_with(named), "{line}"),
            None => assert!(!line.contains(", in"), "{line}"),
        }
    }
}

#[test]
fn all_are_shown_and_missing_sources_are_no_panic() {
    let (sources, problem) = marked("a = [b]");
    let mut elsewhere = problem.clone();
    elsewhere.subject.as_mut().unwrap().filename = "gone.tf".into();
    let mut outside = problem.clone();
    let range = outside.subject.as_mut().unwrap();
    (range.start.line, range.end.line, range.start.byte) = (70, 90, 4000);
    let all: Diagnostics =
        [problem, elsewhere, outside, Diagnostic::warning("Careful", "")].into_iter().collect();
    insta::assert_snapshot!(diagnostics(&all, &sources, Style::plain()));
}

#[test]
fn compact_warnings_are_grouped() {
    let (sources, problem) = marked("a = [b]");
    let mut warning = problem.clone();
    warning.severity = kprov_core::Severity::Warning;
    let all: Diagnostics =
        [warning.clone(), Diagnostic::warning("Other", "Why."), warning].into_iter().collect();
    insta::assert_snapshot!(compact(&all, &sources, Style::plain()));
    let with_error: Diagnostics = all.into_iter().chain([problem]).collect();
    let text = compact(&with_error, &sources, Style::plain());
    assert_eq!(text, diagnostics(&with_error, &sources, Style::plain()));
}
