//! "Did you mean": the declared name closest to a mistyped one.

/// The closest of `names`, if it is close enough to be what was meant.
pub(crate) fn suggestion<'n>(
    given: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (distance(given, name), name))
        .filter(|(distance, _)| *distance < 3)
        .min()
        .map(|(_, name)| name)
}

/// The same as the end of a message: ` Did you mean "x"?`, or nothing.
pub(crate) fn did_you_mean<'n>(given: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    suggestion(given, names).map_or_else(String::new, |name| format!(" Did you mean \"{name}\"?"))
}

/// Edits (insert, remove, exchange) from one text to the other; 3 stands for "many".
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return 3;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let above = row[j + 1];
            let exchange = corner + usize::from(from != to);
            row[j + 1] = exchange.min(above + 1).min(row[j] + 1);
            corner = above;
        }
    }
    row[b.len()].min(3)
}
