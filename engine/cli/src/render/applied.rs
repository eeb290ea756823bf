//! What an apply did, in one line.

use kprov_apply::Counts;

/// The last line of an apply.
pub(crate) fn applied(counts: &Counts, destroying: bool) -> String {
    let Counts { added, changed, destroyed, imported, .. } = *counts;
    if destroying {
        return format!("\nDestroy complete! Resources: {destroyed} destroyed.");
    }
    let imported = if imported > 0 { format!("{imported} imported, ") } else { String::new() };
    format!(
        "\nApply complete! Resources: {imported}{added} added, {changed} changed, {destroyed} destroyed."
    )
}
