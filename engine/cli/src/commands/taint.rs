//! `taint` and `untaint`

use kprov_core::Severity;
use kprov_ops::{NO_SUCH_INSTANCE, taint};

use super::apply::lock_options;
use crate::args::TaintFlags;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::session::Session;

/// Marks, or takes the mark away.
pub(crate) fn run(session: &Session, flags: &TaintFlags, tainted: bool) -> Outcome {
    let project = session.project(flags.state.state.as_deref())?;
    let lock = lock_options(&flags.state.lock);
    let result = taint(&project, &flags.address, tainted, lock).map_err(Failure::from);
    if let Err(Failure::Problems(problems)) = &result
        && flags.allow_missing
        && problems.iter().all(|problem| problem.summary == NO_SUCH_INSTANCE)
    {
        let warnings = problems.iter().cloned().map(|mut problem| {
            problem.severity = Severity::Warning;
            problem
        });
        session.complain(&warnings.collect());
        return Ok(0);
    }
    result?;
    let what = if tainted { "marked as tainted" } else { "successfully untainted" };
    output::line(&format!("Resource instance {} has been {what}.", flags.address));
    Ok(0)
}
