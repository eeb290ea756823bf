//! No text makes the parser panic, and its places stay inside the text.

use kprov_lang::{SourceMap, syntax};
use proptest::prelude::*;

const SEED: &str = r#"
locals {
  a = [for x in var.l : "${x}-%{ if x }y%{ else }z%{ endif }" if x != 1]
  b = { (a) = 1, "k" : f(x...), c = a ? b[0].c[*].d : !e.*.f }
  c = <<-EOT
    hello ${name ~}
      %{ for k, v in m }${k}%{ endfor }
  EOT
}
resource "aws_vpc" "main" {
  cidr = "10.0.0.0/16" # comment
  nested { x = 1e3 }
}
"#;

fn parse(text: &str) {
    let sources = SourceMap::new();
    let file = sources.add("t", text);
    let (_, problems) = syntax::parse_body(&sources, file);
    for problem in &problems {
        let range = problem.subject.as_ref().expect("syntax errors have places");
        assert!(range.end.byte as usize <= text.len() && range.start.byte <= range.end.byte);
    }
    let _ = syntax::parse_expr(&sources, file);
    let _ = syntax::parse_template(&sources, file);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read(text in "\\PC{0,80}") {
        parse(&text);
    }

    #[test]
    fn any_tokens_are_read(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", "(", ")", "\"", "${", "%{", "~}", "<<EOT\n", "EOT\n", "a", "1",
                "=", ".", "*", ",", "\n", "for ", "in ", "if ", "else", "endif", ":", "=>", "...",
                "\\", "\\u", "#", "/*", "*/", "\r\n", "\u{feff}", "'", "?", "-", "::", "é",
            ]),
            0..40,
        )
    ) {
        parse(&parts.concat());
    }

    #[test]
    fn changed_sources_are_read(at in 0..SEED.len(), remove in 0..30_usize, insert in "\\PC{0,4}") {
        let at = (0..=at).rev().find(|at| SEED.is_char_boundary(*at)).unwrap_or(0);
        let end = (at + remove).min(SEED.len());
        if SEED.is_char_boundary(end) {
            parse(&format!("{}{insert}{}", &SEED[..at], &SEED[end..]));
        }
    }
}
