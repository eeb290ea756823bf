//! A worker looks at its metadata, and goes by what they say of its end (`crate::notices`).

use std::time::Duration;

use super::worker::Worker;
use crate::document::Identity;
use crate::notices::{self, Drained, Notice};
use crate::problem::Problem;

/// EC2 says it two minutes before; AWS wants it to be looked at every 5 seconds.
const EVERY: Duration = Duration::from_secs(5);

/// What was done last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Done {
    /// At first nobody knows what a run before left behind.
    Nothing,
    Forgot,
    Answered,
}

/// Looks for ever. A machine that is none of EC2 gets no notices.
pub(super) async fn heed(worker: &Worker) {
    let begun = &worker.begun;
    if begun.document.identity != Identity::Ec2 {
        return std::future::pending().await;
    }
    let client = crate::aws::metadata();
    let (mut done, mut told) = (Done::Nothing, None);
    loop {
        let trouble = match notices::ask(&client).await {
            Ok(said) => act(worker, notices::read(&said), &mut done).await.err(),
            Err(problem) => Some(problem),
        };
        begun.board.trouble(&mut told, trouble.map(|problem| problem.to_string()));
        tokio::time::sleep(EVERY).await;
    }
}

async fn act(worker: &Worker, notice: Option<Notice>, done: &mut Done) -> Result<(), Problem> {
    if notice.is_none() && *done == Done::Forgot {
        return Ok(());
    }
    let failed = |error: crate::kubernetes::ApiError| {
        Problem::new("The node cannot go by the notice of its end", format!("{error}."))
    };
    let begun = &worker.begun;
    // Its certificate may be another one by now.
    let api = worker.api()?;
    let node = &begun.facts.name;
    let Some(notice) = notice else {
        notices::forget(&api, node).await.map_err(failed)?;
        if *done == Done::Answered {
            begun.board.change(|report| report.phase = "serves".to_owned());
        }
        *done = Done::Forgot;
        return Ok(());
    };
    if *done != Done::Answered {
        begun.board.change(|report| report.phase = notice.to_string());
    }
    *done = Done::Answered;
    let drained = notices::answer(&api, node, &notice).await.map_err(failed)?;
    begun.board.change(|report| report.phase = phase(&notice, drained));
    Ok(())
}

fn phase(notice: &Notice, drained: Drained) -> String {
    match (notice.moves_pods(), drained) {
        (false, _) => format!("{notice}: it gets no more pods"),
        (true, Drained { left: 0, .. }) => format!("{notice}: its pods have left"),
        (true, Drained { left, held: 0 }) => format!("{notice}: {left} pods are leaving"),
        (true, Drained { left, held }) => {
            format!("{notice}: {left} pods are leaving, {held} of them held by a disruption budget")
        }
    }
}
