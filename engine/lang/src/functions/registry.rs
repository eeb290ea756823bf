//! The table of all functions, built from the families' lists when the first one is looked up.

use std::sync::LazyLock;

use super::Function;

/// All functions, sorted by name.
static TABLE: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let mut table: Vec<Function> = [
        super::cidr::functions(),
        super::collections::functions(),
        super::conversion::functions(),
        super::crypto::functions(),
        super::csv::functions(),
        super::datetime::functions(),
        super::encoding::functions(),
        super::filesystem::functions(),
        super::format::functions(),
        super::json::functions(),
        super::numeric::functions(),
        super::regex::functions(),
        super::sensitivity::functions(),
        super::special::functions(),
        super::string::functions(),
        super::uuid::functions(),
        super::yaml::functions(),
    ]
    .into_iter()
    .flatten()
    .collect();
    table.sort_by_key(|function| function.name);
    table
});

/// Finds a function by name; `core::` in front is accepted.
pub fn lookup(name: &str) -> Option<&'static Function> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    let table: &'static [Function] = &TABLE;
    let at = table.binary_search_by_key(&name, |function| function.name).ok()?;
    Some(&table[at])
}

/// Known only to say what took their place; nobody is told of them.
const REMOVED: [&str; 2] = ["list", "map"];

/// All names, sorted, without `core::` and without functions that only say what took their place.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|function| function.name).filter(|name| !REMOVED.contains(name)).collect()
}
