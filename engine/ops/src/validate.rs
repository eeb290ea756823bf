//! Validate: is the configuration right as far as can be told without state and providers' answers?

use kprov_core::Diagnostics;

use crate::Project;

/// All problems of the configuration.
pub fn validate(project: &Project) -> Diagnostics {
    let (tree, mut problems) = project.load();
    if !problems.has_errors() {
        let functions = project.functions(true, None);
        let registry = &project.registry;
        problems.extend(kprov_plan::validate(&tree, &project.sources, &functions, registry));
    }
    problems.sort();
    problems
}
