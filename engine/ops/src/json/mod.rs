//! The JSON that other programs read: Terraform's formats (plan 1.2, state 1.0, outputs), so that
//! policy tools written for Terraform work.

mod bools;
mod checks;
mod configuration;
mod functions;
mod plan;
mod prior;
mod reference;
mod schemas;
mod state;
mod stored_checks;
mod validate;
mod values;

pub use configuration::Configuration;
pub use functions::functions_json;
pub use plan::plan_json;
pub use prior::prior_values;
pub use schemas::schemas_json;
pub use state::{outputs_json, state_json};
pub use stored_checks::stored_checks;
pub use validate::validate_json;

/// The Terraform version whose language and formats these are.
pub const TERRAFORM_VERSION: &str = "1.11.4";
