//! Upper, lower and title case one character at a time, as Go's `unicode` package maps them: a
//! character never becomes several.

/// `upper`
pub(super) fn upper(c: char) -> char {
    match c {
        // Greek with iota below: the full mapping spells the iota out, the simple one does not.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            shifted(c, 8)
        }
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => shifted(c, 9),
        _ => single(c, c.to_uppercase()),
    }
}

/// `lower`
pub(super) fn lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        _ => single(c, c.to_lowercase()),
    }
}

/// Makes the first letter of each word a title case letter.
pub(super) fn title(text: &str) -> String {
    let mut before = ' ';
    text.chars()
        .map(|c| {
            let mapped = if is_separator(before) { title_char(c) } else { c };
            before = c;
            mapped
        })
        .collect()
}

fn title_char(c: char) -> char {
    match c {
        // Letters that look like two have a title case of their own.
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian is not capitalised.
        '\u{10d0}'..='\u{10ff}' => c,
        _ => upper(c),
    }
}

/// Does a word end here?
fn is_separator(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { c.is_whitespace() }
}

fn single(c: char, mut mapped: impl ExactSizeIterator<Item = char>) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(c) } else { c }
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}
