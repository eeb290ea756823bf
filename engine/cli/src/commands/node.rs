//! `node up|validate|render|status|leave|snapshot|restore`

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kprov_core::Diagnostic;
use kprov_node::document::Document;
use kprov_node::{Options, Problem, render};

use crate::args::{NodeCommand, NodePlace, NodeSource, RenderFlags};
use crate::failure::Outcome;
use crate::output;

/// The exit status of a node that is not ready.
const NOT_READY: u8 = 2;
/// Leaving includes the API server's delay.
const PATIENCE_TO_LEAVE: Duration = Duration::from_secs(300);
/// The variable that names the address book.
const ADDRESSES: &str = "KPROV_NODE_ADDRESSES";
/// A directory that has etcd and Kubernetes, whatever the document says.
pub(crate) const BINARIES: &str = "KPROV_NODE_BINARIES";

/// Runs one of them.
pub(crate) fn run(command: NodeCommand) -> Outcome {
    match command {
        NodeCommand::Up(source) => up(source)?,
        NodeCommand::Validate { file } => validate(&file)?,
        NodeCommand::Render(flags) => rendered(&flags)?,
        NodeCommand::Status { place, json } => return status(&place, json),
        NodeCommand::Leave(NodePlace { directory }) => {
            waiting(kprov_node::leave(&directory, PATIENCE_TO_LEAVE))??;
            output::line("It left the cluster, and ended.");
        }
        NodeCommand::Snapshot { place, to } => {
            let size = waiting(kprov_node::snapshot(&place.directory, &to))??;
            output::line(&format!("Wrote {size} bytes to {}.", to.display()));
        }
        NodeCommand::Restore { source, from } => {
            let (document, options) = given(source)?;
            output::line(&waiting(kprov_node::restore(document, options, &from))??);
        }
    }
    Ok(0)
}

/// A problem of the node, as all commands show theirs.
struct Told(Problem);

impl From<Problem> for Told {
    fn from(problem: Problem) -> Told {
        Told(problem)
    }
}

impl From<Told> for crate::failure::Failure {
    fn from(Told(problem): Told) -> crate::failure::Failure {
        Diagnostic::error(problem.summary, problem.detail).into()
    }
}

fn waiting<T>(doing: impl Future<Output = Result<T, Problem>>) -> Result<Result<T, Told>, Told> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| {
        Problem::new(
            "The node cannot run",
            format!("The operating system refuses what a runtime needs: {error}."),
        )
    })?;
    Ok(runtime.block_on(doing).map_err(Told))
}

fn read(path: &Path) -> Result<Vec<u8>, Told> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    bytes.map_err(|error| {
        Told(Problem::new("The document cannot be read", format!("{}: {error}.", path.display())))
    })
}

fn text(path: &Path) -> Result<String, Told> {
    String::from_utf8(read(path)?).map_err(|_| {
        Told(Problem::new("The document cannot be read", format!("{} is no text.", path.display())))
    })
}

fn parse(text: &str, path: &Path) -> Result<Document, Told> {
    Document::parse(text).map_err(|faults| {
        let lines: Vec<String> =
            faults.0.iter().map(|fault| format!("{}: {fault}", path.display())).collect();
        Told(Problem::new("The node document is wrong", lines.join("\n")))
    })
}

fn given(source: NodeSource) -> Result<(Document, Options), Told> {
    let (path, text) = match (source.document, source.user_data) {
        (Some(path), _) => (path.clone(), text(&path)?),
        (None, Some(path)) => (path.clone(), render::document_of(&read(&path)?)?),
        (None, None) => (PathBuf::new(), String::new()),
    };
    let document = parse(&text, &path)?;
    let say = |line: &str| output::complain(&format!("node: {line}\n"));
    Ok((
        document,
        Options {
            directory: source.directory,
            addresses: std::env::var(ADDRESSES).ok(),
            binaries: std::env::var_os(BINARIES).map(Into::into),
            say,
        },
    ))
}

fn up(source: NodeSource) -> Result<(), Told> {
    let (document, options) = given(source)?;
    waiting(async {
        let (tell, stop) = tokio::sync::watch::channel(false);
        tokio::spawn(async move {
            told_to_stop().await;
            let _ = tell.send(true);
            // The channel stays open: the node looks at it until it ended.
            std::future::pending::<()>().await;
        });
        kprov_node::up(document, options, stop).await
    })?
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
        // Without signal handlers the signals end the process as they do by default.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn validate(file: &str) -> Result<(), Told> {
    let path = Path::new(file);
    let document = parse(&text(path)?, path)?;
    output::line(&format!(
        "{file} is a document of a {} of the cluster {}.",
        document.role.word(),
        document.cluster.name
    ));
    Ok(())
}

fn rendered(flags: &RenderFlags) -> Result<(), Told> {
    let path = Path::new(&flags.file);
    let text = text(path)?;
    parse(&text, path)?;
    let program = flags.program_url.clone().zip(flags.program_sha256.clone());
    let disk = flags.disk_device.clone().zip(flags.disk_path.clone());
    let format = match (flags.cloud_init, flags.ignition) {
        (true, false) => render::Format::CloudConfig,
        (false, true) => render::Format::Ignition,
        _ => {
            let detail = "Say one of -cloud-init and -ignition.";
            return Err(Told(Problem::new("It is not said what to render", detail)));
        }
    };
    let machine = render::Machine {
        format,
        program: program.map(|(url, sha256)| render::Program { url, sha256 }),
        disk: disk.map(|(device, path)| render::Disk { device, path }),
    };
    let made = render::user_data(&text, &machine)?;
    output::print(&made);
    Ok(())
}

fn status(place: &NodePlace, json: bool) -> Outcome {
    let standing = kprov_node::standing(&place.directory).map_err(Told)?;
    if json {
        output::pretty_json(&standing.json());
    } else {
        output::print(&standing.to_string());
    }
    Ok(if standing.is_ready() { 0 } else { NOT_READY })
}
