//! Static checks: everything that can be said without state, variables or providers' answers.

use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, Severity, SourceRange};
use kprov_provider::AttributeError;

/// What a provider's own validation found, as diagnostics.
pub(crate) fn attribute_problems(
    errors: Vec<AttributeError>,
    addr: Option<&InstanceAddr>,
    place: SourceRange,
) -> Diagnostics {
    errors
        .into_iter()
        .map(|error| {
            let detail = if error.path.0.is_empty() {
                error.message
            } else {
                format!("{}: {}", error.path.to_string().trim_start_matches('.'), error.message)
            };
            let mut problem = Diagnostic::error(error.summary, detail).at(place.clone());
            if error.warning {
                problem.severity = Severity::Warning;
            }
            match addr {
                Some(addr) => problem.of(addr),
                None => problem,
            }
        })
        .collect()
}
