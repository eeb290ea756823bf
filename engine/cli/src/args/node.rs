//! `kprov node ...`: the flags of a machine that becomes a master or a worker.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Be the node of a document, until SIGTERM
    Up(NodeSource),
    /// Check a document
    Validate {
        /// The document; "-" is standard input
        file: String,
    },
    /// Turn a document into user data
    Render(RenderFlags),
    /// Say how the node of this machine does; exit status 0 if it is ready, 2 if not
    Status {
        #[command(flatten)]
        place: NodePlace,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Leave the cluster for good, and end
    Leave(NodePlace),
    /// Write a snapshot of etcd to a file
    Snapshot {
        #[command(flatten)]
        place: NodePlace,
        /// The file
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Make a new cluster out of a snapshot, on one machine whose node does not run
    Restore {
        #[command(flatten)]
        source: NodeSource,
        /// A file, or s3://BUCKET/KEY
        #[arg(long, value_name = "SNAPSHOT")]
        from: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NodePlace {
    /// The node's directory
    #[arg(long, value_name = "DIR", default_value = "/var/lib/kprov")]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct NodeSource {
    /// The node's document
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "user_data",
        required_unless_present = "user_data"
    )]
    pub(crate) document: Option<PathBuf>,
    /// User data that the document is in: cloud-config or Ignition
    #[arg(long, value_name = "FILE")]
    pub(crate) user_data: Option<PathBuf>,
    /// Instead of the document's directory
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RenderFlags {
    /// As cloud-config, for images with cloud-init
    #[arg(long)]
    pub(crate) cloud_init: bool,
    /// As Ignition
    #[arg(long)]
    pub(crate) ignition: bool,
    /// Where the machine gets kprov from; without it, /opt/kprov/bin/kprov is in its image
    #[arg(long, value_name = "URL", requires = "program_sha256")]
    pub(crate) program_url: Option<String>,
    /// The SHA-256 of that
    #[arg(long, value_name = "SHA256", requires = "program_url")]
    pub(crate) program_sha256: Option<String>,
    /// A device that is formatted, if it is empty, and mounted before the node starts
    #[arg(long, value_name = "DEVICE", requires = "disk_path")]
    pub(crate) disk_device: Option<String>,
    /// Where that is mounted
    #[arg(long, value_name = "PATH", requires = "disk_device")]
    pub(crate) disk_path: Option<String>,
    /// The document; "-" is standard input
    pub(crate) file: String,
}

#[cfg(test)]
mod tests {
    use crate::args::{Cli, Command, NodeCommand, normalize};

    fn parse(line: &str) -> Result<NodeCommand, String> {
        let words = line.split(' ').map(str::to_owned).collect();
        let normalized = normalize(words, &|_| None).expect("no quotes");
        match Cli::parse_words(normalized).map_err(|error| error.to_string())?.command {
            Some(Command::Node(command)) => Ok(command),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_command_of_a_node_is_read() {
        let Ok(NodeCommand::Up(source)) = parse("node up -user-data f -directory d") else {
            panic!()
        };
        assert!(
            source.document.is_none() && source.user_data.is_some() && source.directory.is_some()
        );
        assert!(parse("node up").is_err(), "a document or user data");
        assert!(parse("node up -document a -user-data b").is_err(), "not both");
        let Ok(NodeCommand::Render(flags)) = parse("node render -ignition f") else { panic!() };
        assert!(flags.ignition && !flags.cloud_init && flags.file == "f");
        assert!(
            parse("node render -cloud-init -program-url u f").is_err(),
            "no URL without a checksum"
        );
        let Ok(NodeCommand::Status { place, json }) = parse("node status -json") else { panic!() };
        assert!(json && place.directory == std::path::Path::new("/var/lib/kprov"));
        assert!(matches!(parse("node leave"), Ok(NodeCommand::Leave(_))));
        assert!(matches!(parse("node validate -"), Ok(NodeCommand::Validate { .. })));
        assert!(matches!(parse("node snapshot -to f"), Ok(NodeCommand::Snapshot { .. })));
        assert!(matches!(
            parse("node restore -document d -from s3://b/k"),
            Ok(NodeCommand::Restore { .. })
        ));
    }
}
