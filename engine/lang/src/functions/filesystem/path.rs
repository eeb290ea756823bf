//! Paths as text with `/`, as Go's `filepath` treats them on Unix.

/// `given` below `base`, unless it is absolute.
pub(super) fn join(base: &str, given: &str) -> String {
    if given.starts_with('/') || base.is_empty() || base == "." {
        given.to_owned()
    } else {
        format!("{base}/{given}")
    }
}

/// The shortest path that means the same: no `.`, no doubled `/`, no `..` but at the beginning.
pub(super) fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if absolute => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The last part; `.` of nothing, `/` of the root.
pub(super) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

/// Everything before the last `/`, cleaned.
pub(super) fn directory(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}
