//! What every node does first: its directory and the lock on it, who it is, its programs, its tree, its files.

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use aws_config::SdkConfig;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::binaries::{self, Programs};
use crate::components::Setting;
use crate::discovery::{self, AddressBook};
use crate::document::{Content, Document, Identity, Peers, Role, Runtime, Source};
use crate::facts::{Facts, STATUS};
use crate::layout::Layout;
use crate::problem::Problem;
use crate::secrets::{self, Tree};
use crate::status::{Board, Report};
use crate::supervisor::{Supervisor, end_orphans};
use crate::up::Options;
use crate::{files, status};

/// So long the tree is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a node has once it has begun.
pub(super) struct Begun {
    pub(super) document: Document,
    pub(super) facts: Facts,
    pub(super) layout: Layout,
    pub(super) binaries: Programs,
    pub(super) book: AddressBook,
    pub(super) aws: Option<SdkConfig>,
    pub(super) tree: Tree,
    pub(super) board: Board,
    pub(super) supervisor: Supervisor,
    _lock: File,
}

impl Begun {
    pub(super) fn setting(&self) -> Setting<'_> {
        Setting {
            document: &self.document,
            facts: &self.facts,
            layout: &self.layout,
            binaries: &self.binaries,
        }
    }
}

pub(super) async fn begin(document: Document, options: &Options) -> Result<Begun, Problem> {
    let layout = Layout::new(&document.directory);
    for directory in
        [layout.root().to_owned(), layout.logs(), layout.run(), layout.trees(), layout.config("")]
    {
        files::directory(&directory)?;
    }
    let lock = layout.take_lock()?;
    end_orphans(&layout, Duration::from_secs(20)).await?;
    let _ = std::fs::remove_file(super::leave::request(&layout));
    let book = AddressBook::at(options.addresses.clone());
    let facts = discovery::identify(&document, &book).await?;
    let board = Board::new(first_report(&document, &facts), &layout, options.say);
    status::serve(board.clone(), SocketAddr::new(facts.local(), STATUS)).await?;
    let aws = if needs_aws(&document) { Some(crate::aws::config().await) } else { None };
    board.change(|report| report.phase = "has its programs fetched".to_owned());
    let binaries =
        binaries::at_hand(&document.binaries, &programs(&document), &layout.cache()).await?;
    board.change(|report| report.phase = "has its PKI tree fetched".to_owned());
    let tree = first_tree(&document, aws.as_ref(), &board).await?;
    secrets::put(&tree, &layout)?;
    board.change(|report| report.generation = Some(tree.told(document.role)));
    further_files(&document, &tree)?;
    let supervisor = Supervisor::start(&layout);
    Ok(Begun { document, facts, layout, binaries, book, aws, tree, board, supervisor, _lock: lock })
}

fn first_report(document: &Document, facts: &Facts) -> Report {
    Report {
        role: document.role.word().to_owned(),
        cluster: document.cluster.name.clone(),
        name: facts.name.clone(),
        id: facts.id.clone(),
        address: facts.reach.to_string(),
        zone: facts.zone.clone(),
        pid: std::process::id(),
        phase: "begins".to_owned(),
        ..Report::default()
    }
}

/// The tree may be written, or this machine allowed to read it, a while after the machine is there. A tree that cannot be
/// trusted is not waited for.
async fn first_tree(
    document: &Document,
    aws: Option<&SdkConfig>,
    board: &Board,
) -> Result<Tree, Problem> {
    let begun = Instant::now();
    loop {
        match secrets::fetch(&document.secrets, &secrets::required(document), aws).await {
            Ok(tree) => {
                secrets::check(&tree, document.role, Timestamp::now())?;
                board.change(|report| report.problem = None);
                return Ok(tree);
            }
            Err(problem) if begun.elapsed() > PATIENCE => return Err(problem),
            Err(problem) => board.problem(&problem),
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

/// Fetches the tree and checks it.
pub(super) async fn tree(document: &Document, aws: Option<&SdkConfig>) -> Result<Tree, Problem> {
    let tree = secrets::fetch(&document.secrets, &secrets::required(document), aws).await?;
    secrets::check(&tree, document.role, Timestamp::now())?;
    Ok(tree)
}

fn needs_aws(document: &Document) -> bool {
    let far = |source: &Source| !matches!(source, Source::Directory { .. });
    document.identity == Identity::Ec2
        || document.peers == Peers::Autoscaling
        || far(&document.secrets)
        || document.claims.as_ref().is_some_and(far)
        || document.etcd.snapshots.as_ref().is_some_and(|snapshots| far(&snapshots.to))
}

fn programs(document: &Document) -> Vec<&'static str> {
    match (document.role, document.kubelet.runtime) {
        (Role::Master, _) => {
            let mut all =
                vec!["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
            if document.etcd.snapshots.is_some() {
                // Else nobody finds out before it is needed.
                all.push("etcdutl");
            }
            all
        }
        (Role::Worker, Runtime::Kwok) => vec!["kwok"],
        (Role::Worker, Runtime::Containerd) => {
            vec!["containerd", "containerd-shim-runc-v2", "runc", "kubelet"]
        }
    }
}

fn further_files(document: &Document, tree: &Tree) -> Result<(), Problem> {
    for file in &document.files {
        let text = match &file.content {
            Content::Text(text) => text,
            Content::Secret(path) => tree.get(path).unwrap_or_default(),
        };
        if let Some(parent) = file.path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|e| Problem::file("A directory cannot be made", parent, &e))?;
        }
        files::write(&file.path, text.as_bytes(), file.mode)?;
    }
    Ok(())
}
