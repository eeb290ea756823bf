//! `backend` and `cloud` blocks: where Terraform would keep the state. Nothing is kept there; what such
//! a block says is looked at by whoever initialises a project, and by nobody else, as in Terraform.

use kprov_core::{Diagnostics, Str, Type, Value};

use super::constant::literal;
use super::decoder::{BodySchema, Decoder};
use crate::ast::Body;
use crate::{SourceMap, Span};

/// A `backend` block; of type `cloud` where it is a `cloud` block.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its type.
    pub ty: Str,
    /// Its place.
    pub span: Span,
    /// Its arguments.
    pub body: Body,
}

/// What the backend `local` takes.
const LOCAL: BodySchema =
    BodySchema { attributes: &[("path", false), ("workspace_dir", false)], blocks: &[] };

impl Backend {
    /// What is wrong with a `local` one, and where the state is kept instead of where it says.
    /// Others cannot be judged.
    pub fn problems(&self, sources: &SourceMap) -> Diagnostics {
        let mut decoder = Decoder::new(sources);
        if self.ty != "local" {
            return decoder.problems;
        }
        decoder.check(&self.body, &LOCAL);
        for attribute in &self.body.attributes {
            let known = LOCAL.attributes.iter().any(|(name, _)| attribute.name == *name);
            // Null is as good as nothing.
            let null = literal(&attribute.expr).is_some_and(Value::is_null);
            if known && !null && decoder.typed(attribute, &Type::String).is_some() {
                decoder.warning(
                    "Backend argument not used",
                    format!(
                        "\"{}\" names a place for state files of Terraform. kprov keeps the states of \
                         all workspaces in kprov.db beside the configuration; -state=FILE or the \
                         environment variable KPROV_STATE moves it.",
                        attribute.name
                    ),
                    attribute.name_span,
                );
            }
        }
        decoder.problems
    }
}
