//! `local-exec`: a command on this machine.
//!
//! The process gets a group of its own, so that Ctrl-C at the terminal does not stop it half-way;
//! it is killed when its future is dropped, which is what a second Ctrl-C does.

use std::collections::BTreeMap;
use std::process::Stdio;

use kprov_core::Value;
use kprov_plan::ProvisionerRun;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::Failure;

/// Of the output, so much is repeated in the error.
const OUTPUT_MAX: usize = 8 * 1024;

/// The arguments of a `local-exec` block.
struct Arguments {
    command: String,
    working_dir: Option<String>,
    interpreter: Vec<String>,
    environment: BTreeMap<String, String>,
    quiet: bool,
}

pub(super) async fn run(
    run: &ProvisionerRun,
    output: &(dyn Fn(String) + Sync),
) -> Result<(), Failure> {
    let arguments = arguments(run)?;
    let command_line: Vec<String> =
        arguments.interpreter.iter().chain([&arguments.command]).cloned().collect();
    let Some((program, rest)) = command_line.split_first() else {
        return Err(invalid("The interpreter is an empty list."));
    };
    if run.sensitive {
        output("(output suppressed due to sensitive value in config)".to_owned());
    } else if !arguments.quiet {
        let quoted: Vec<String> = command_line.iter().map(|word| format!("{word:?}")).collect();
        output(format!("Executing: [{}]", quoted.join(" ")));
    }
    let mut command = Command::new(program);
    command
        .args(rest)
        .envs(&arguments.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(directory) = &arguments.working_dir {
        command.current_dir(directory);
    }
    let told = |error: std::io::Error| failed(run, &arguments.command, &error.to_string(), "");
    let mut child = command.spawn().map_err(told)?;
    let group = Group::of(&child);
    let mut tail = String::new();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut take = |line: String| {
        if tail.len() < OUTPUT_MAX {
            tail.push_str(&line);
            tail.push('\n');
        }
        if !run.sensitive {
            output(line);
        }
    };
    relay(out, err, &mut take).await.map_err(told)?;
    let status = child.wait().await.map_err(told)?;
    group.leave();
    if status.success() {
        Ok(())
    } else {
        Err(failed(run, &arguments.command, &ended(status), &tail))
    }
}

/// The process and all that it started; killed when dropped, unless it has ended by then.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Group {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Group(id.and_then(Pid::from_raw))
    }

    /// The process has ended. What it left in the background is its own business.
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nobody can be told any more, and a group that is gone needs no killing.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// `exit status 3`, `signal: 9`: as Go words it, and so Terraform.
fn ended(status: std::process::ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal: {signal}"),
        (None, None) => status.to_string(),
    }
}

/// Hands over lines of both streams as they come, until both end.
async fn relay(
    out: Option<impl AsyncRead + Unpin>,
    err: Option<impl AsyncRead + Unpin>,
    take: &mut impl FnMut(String),
) -> std::io::Result<()> {
    let mut out = out.map(BufReader::new);
    let mut err = err.map(BufReader::new);
    let (mut out_line, mut err_line) = (Vec::new(), Vec::new());
    while out.is_some() || err.is_some() {
        tokio::select! {
            read = next_line(&mut out, &mut out_line), if out.is_some() => {
                if read? == 0 {
                    out = None;
                }
                hand_over(&mut out_line, take);
            }
            read = next_line(&mut err, &mut err_line), if err.is_some() => {
                if read? == 0 {
                    err = None;
                }
                hand_over(&mut err_line, take);
            }
        }
    }
    Ok(())
}

/// At the end of a stream there may be nothing, or what an earlier, dropped read had begun.
fn hand_over(line: &mut Vec<u8>, take: &mut impl FnMut(String)) {
    if !line.is_empty() {
        take(text(line));
    }
}

/// Appends up to the end of the line; what is there stays when the other stream is quicker.
async fn next_line(
    reader: &mut Option<BufReader<impl AsyncRead + Unpin>>,
    line: &mut Vec<u8>,
) -> std::io::Result<usize> {
    match reader {
        Some(reader) => reader.read_until(b'\n', line).await,
        None => Ok(0),
    }
}

fn text(line: &mut Vec<u8>) -> String {
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    let text = String::from_utf8_lossy(line).into_owned();
    line.clear();
    text
}

fn arguments(run: &ProvisionerRun) -> Result<Arguments, Failure> {
    let (config, _) = run.config.clone().unmark_deep();
    let text = |name: &str| match config.get(name) {
        Some(Value::String(text)) => Some(text.to_string()),
        _ => None,
    };
    let command = text("command").unwrap_or_default();
    if command.is_empty() {
        return Err(invalid("The command of a local-exec provisioner must not be empty."));
    }
    let interpreter = match config.get("interpreter").and_then(Value::as_items) {
        Some(items) if !items.is_empty() => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        _ => vec!["/bin/sh".to_owned(), "-c".to_owned()],
    };
    let environment = config.get("environment").and_then(Value::as_entries);
    let environment = environment
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.to_string(), value.as_str()?.to_owned())))
        .collect();
    Ok(Arguments {
        command,
        working_dir: text("working_dir").filter(|directory| !directory.is_empty()),
        interpreter,
        environment,
        quiet: config.get("quiet").and_then(Value::as_bool).unwrap_or(false),
    })
}

fn invalid(detail: &str) -> Failure {
    Failure {
        summary: "Invalid local-exec provisioner".into(),
        detail: detail.to_owned(),
        subject: None,
    }
}

fn failed(run: &ProvisionerRun, command: &str, why: &str, output: &str) -> Failure {
    let detail = if run.sensitive {
        format!(
            "Error running a command ({why}). It holds a sensitive value, so that neither it nor its output is shown."
        )
    } else {
        format!("Error running command '{command}': {why}. Output: {output}")
    };
    Failure { summary: "local-exec provisioner error".into(), detail, subject: None }
}
