//! The operation log: runs, and the operations of a run.

use kprov_state::{OpRecord, RunOutcome, RunRecord};

use super::text::{count, table, visible};

/// `op log`: one line a run, as given (newest first).
pub(crate) fn runs(runs: &[RunRecord]) -> String {
    let head = ["RUN", "STARTED", "TOOK", "COMMAND", "BY", "OUTCOME"].map(str::to_owned).to_vec();
    let rows = runs.iter().map(|run| {
        vec![
            run.run.0.to_string(),
            run.started.clone(),
            took(&run.started, run.finished.as_deref()),
            visible(&run.command).into_owned(),
            visible(&run.who).into_owned(),
            outcome(run),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// `op show`: a run and each of its operations, open ones with what that means.
pub(crate) fn run(run: &RunRecord, operations: &[OpRecord]) -> String {
    let mut out = format!(
        "Run {}: {} by {}\nStarted:  {}\nFinished: {}\nOutcome:  {}\n",
        run.run.0,
        visible(&run.command),
        visible(&run.who),
        run.started,
        run.finished.as_deref().unwrap_or("-"),
        outcome(run)
    );
    if operations.is_empty() {
        return out;
    }
    let head = ["OP", "ACTION", "ADDRESS", "STARTED", "TOOK", "OUTCOME"];
    let rows = operations.iter().map(|operation| {
        let outcome = operation.outcome.as_deref().unwrap_or("open");
        vec![
            operation.op.0.to_string(),
            operation.action.verb().to_owned(),
            visible(&operation.address).into_owned(),
            operation.started.clone(),
            took(&operation.started, operation.finished.as_deref()),
            visible(outcome).replace('\n', " "),
        ]
    });
    let head = head.map(str::to_owned).to_vec();
    out.push('\n');
    out.push_str(&table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    let open = operations.iter().filter(|operation| operation.outcome.is_none()).count();
    if open > 0 {
        out.push_str(&format!(
            "\n{} without an outcome. The next apply finds out what became of it.\n",
            count(open, "operation")
        ));
    }
    out
}

fn outcome(run: &RunRecord) -> String {
    let word = match (run.outcome, &run.finished) {
        (Some(RunOutcome::Succeeded), _) => "succeeded",
        (Some(RunOutcome::Failed), _) => "failed",
        (Some(RunOutcome::Interrupted), _) => "interrupted",
        (None, Some(_)) => "ended",
        (None, None) => "running or dead",
    };
    let mut told = vec![format!("{} done", run.succeeded)];
    if run.failed > 0 {
        told.push(format!("{} failed", run.failed));
    }
    if run.open > 0 {
        told.push(format!("{} open", run.open));
    }
    format!("{word} ({})", told.join(", "))
}

fn took(started: &str, finished: Option<&str>) -> String {
    let parse = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let span = parse(started).zip(finished.and_then(parse));
    match span {
        Some((from, to)) if to >= from => {
            format!("{:.1}s", to.duration_since(from).as_secs_f64())
        }
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kprov_state::{ActionKind, OpId, RunId};

    fn record() -> RunRecord {
        RunRecord {
            run: RunId(7),
            command: "apply".to_owned(),
            who: "me@here".to_owned(),
            started: "2024-01-01T00:00:00Z".to_owned(),
            finished: Some("2024-01-01T00:01:02.5Z".to_owned()),
            outcome: Some(RunOutcome::Failed),
            succeeded: 3,
            failed: 1,
            open: 0,
        }
    }

    #[test]
    fn runs_stand_in_a_table() {
        let dead = RunRecord { finished: None, outcome: None, open: 1, run: RunId(6), ..record() };
        insta::assert_snapshot!(runs(&[record(), dead]));
    }

    #[test]
    fn a_run_tells_its_operations() {
        let op = |n: u64, outcome: Option<&str>| OpRecord {
            op: OpId(n),
            run: RunId(7),
            address: format!("t.a[{n}]"),
            action: ActionKind::Create,
            started: "2024-01-01T00:00:00Z".to_owned(),
            finished: outcome.map(|_| "2024-01-01T00:00:01Z".to_owned()),
            outcome: outcome.map(str::to_owned),
        };
        let operations = [op(1, Some("succeeded")), op(2, Some("failed: no\nway")), op(3, None)];
        insta::assert_snapshot!(run(&record(), &operations));
    }
}
