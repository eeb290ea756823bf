//! Text for people: problems, plans, values. Pure: values in, text out.

mod plain;

pub(crate) use plain::{ProgressLines, Style, applied, diagnostics, object, outputs, plan, value};
