//! A question, in Terraform's form.

use super::text::visible;
use super::{Style, Tint};

/// Title, what is to be said about it, and the place of the answer. Without a newline at the end.
pub(crate) fn question(title: &str, detail: &str, style: Style) -> String {
    let title = visible(title);
    let mut out = format!("{}\n", style.paint(Tint::Strong, title));
    if !detail.is_empty() {
        for line in visible(detail).lines() {
            out.push_str(format!("  {line}").trim_end());
            out.push('\n');
        }
        out.push('\n');
    }
    out.push_str(&format!("  {} ", style.paint(Tint::Strong, "Enter a value:")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_stand_as_in_terraform() {
        let said = question("var.n", "Many\nlines", Style::plain());
        assert_eq!(said, "var.n\n  Many\n  lines\n\n  Enter a value: ");
        assert_eq!(question("var.a", "", Style::plain()), "var.a\n  Enter a value: ");
    }
}
