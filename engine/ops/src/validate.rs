//! Validate: is the configuration right as far as can be told without state and providers' answers?

use kprov_core::Diagnostics;
use kprov_lang::functions::FunctionContext;

use crate::Project;

/// All problems of the configuration.
pub fn validate(project: &Project) -> Diagnostics {
    let (tree, mut problems) = project.load();
    if !problems.has_errors() {
        let functions = FunctionContext {
            host: &*project.host,
            files: &*project.files,
            base_dir: ".",
            pure_only: true,
            plan_timestamp: None,
        };
        let registry = &project.registry;
        problems.extend(kprov_plan::validate(&tree, &project.sources, &functions, registry));
    }
    problems.sort();
    problems
}
