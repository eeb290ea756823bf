//! Provisioners: local programs that run when an object was made, or before it is deleted.

mod local_exec;

use kprov_core::{Diagnostic, Diagnostics, ObjectAddr, SourceRange, Str};
use kprov_plan::ProvisionerRun;

use crate::{ProgressEvent, Reporter};

/// Why a provisioner failed.
#[derive(Debug, thiserror::Error)]
#[error("{summary}: {detail}")]
pub struct Failure {
    /// A constant phrase.
    pub summary: Str,
    /// What happened; nothing of it is secret.
    pub detail: String,
    /// The provisioner's block.
    pub subject: Option<SourceRange>,
}

impl From<Failure> for Diagnostics {
    fn from(failure: Failure) -> Diagnostics {
        let problem = Diagnostic::error(failure.summary, failure.detail);
        Diagnostic { subject: failure.subject, ..problem }.into()
    }
}

/// Runs one provisioner. A failure that the configuration says to go on after is none.
///
/// # Errors
/// When it failed, or is of a type that is not supported.
pub async fn run(
    address: &ObjectAddr,
    run: &ProvisionerRun,
    reporter: &dyn Reporter,
) -> Result<(), Failure> {
    reporter.report(&ProgressEvent::Provisioning {
        address: address.clone(),
        provisioner: run.ty.clone(),
    });
    let output = |line: String| {
        reporter.report(&ProgressEvent::Output {
            address: address.clone(),
            provisioner: run.ty.clone(),
            line,
        });
    };
    let done = match run.ty.as_str() {
        "local-exec" => local_exec::run(run, &output).await,
        other => Err(unsupported(other)),
    };
    reporter.report(&ProgressEvent::Provisioned {
        address: address.clone(),
        provisioner: run.ty.clone(),
        succeeded: done.is_ok(),
    });
    match done {
        Err(failure) if run.continue_on_failure => {
            if !run.sensitive {
                output(format!("(failed, going on as configured) {}", failure.detail));
            }
            Ok(())
        }
        done => done.map_err(|failure| Failure { subject: run.subject.clone(), ..failure }),
    }
}

fn unsupported(ty: &str) -> Failure {
    Failure {
        summary: "Unsupported provisioner type".into(),
        detail: format!(
            "Provisioners of type {ty:?} are not supported; only \"local-exec\" is. Copy files and \
             run remote commands with the machine's user data, or call ssh and scp from \
             \"local-exec\"."
        ),
        subject: None,
    }
}
