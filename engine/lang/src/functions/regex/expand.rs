//! The replacement text of `replace`: `$1`, `$name`, `${name}`, `$$`, as Go expands them.

use regex::Captures;

/// `template` with the groups of a match put in. A group that there is not is empty; a `$` that
/// begins nothing stays.
pub(super) fn expand(template: &str, captures: &Captures<'_>, names: &[Option<String>]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            text.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = group_name(after) else {
            text.push('$');
            rest = after;
            continue;
        };
        rest = after;
        let index = if name.bytes().all(|byte| byte.is_ascii_digit()) {
            name.parse().ok()
        } else {
            names.iter().position(|known| known.as_deref() == Some(name)).map(|at| at + 1)
        };
        let group = index.and_then(|index| captures.get(index));
        text.push_str(group.map_or("", |group| group.as_str()));
    }
    text.push_str(rest);
    text
}

/// The name after a `$`, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (braces, inner) = match text.strip_prefix('{') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let length = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, after) = inner.split_at(length);
    if name.is_empty() {
        return None;
    }
    if braces { after.strip_prefix('}').map(|after| (name, after)) } else { Some((name, after)) }
}
