//! What both forms have: the unit, the script that fetches the program, the disk, compression.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::{DOCUMENT, FETCH, Machine};
use crate::problem::Problem;

const BINARY: &str = "/opt/kprov/bin/kprov";
/// What a document unpacks to at most: what is packed to fill memory is not unpacked.
const UNPACKED: u64 = 4 << 20;

/// Where the machine gets the program `kprov` from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// `https://` or `http://`
    pub url: String,
    /// Of its bytes, hexadecimal.
    pub sha256: String,
}

impl Program {
    /// Fetches and checks it, before each start: a program that is there and right is not fetched again.
    pub(super) fn script(&self) -> Result<String, Problem> {
        let plain = |c: char| c.is_ascii_graphic() && !['\'', '"', '\\', '`', '$'].contains(&c);
        let schemes = ["https://", "http://"];
        if !schemes.iter().any(|scheme| self.url.starts_with(scheme))
            || !self.url.chars().all(plain)
        {
            let detail =
                format!("{:?} is no plain URL that begins with https:// or http://.", self.url);
            return Err(Problem::new("The program cannot be fetched from there", detail));
        }
        if self.sha256.len() != 64 || !self.sha256.chars().all(|c| c.is_ascii_hexdigit()) {
            let detail = "A SHA-256 is of 64 hexadecimal digits.";
            return Err(Problem::new("The program's checksum is wrong", detail));
        }
        let (url, sum) = (&self.url, self.sha256.to_ascii_lowercase());
        Ok(format!(
            "#!/bin/sh\nset -eu\nmkdir -p /opt/kprov/bin\nis_right() {{ echo '{sum}  '\"$1\" | sha256sum -c --status; }}\n\
             if [ -x {BINARY} ] && is_right {BINARY}; then exit 0; fi\n\
             curl -fsSL --retry 20 --retry-delay 3 --retry-all-errors -o {BINARY}.new '{url}'\n\
             if ! is_right {BINARY}.new; then\n  echo 'kprov from {url} has not the SHA-256 {sum}' >&2\n  \
             rm -f {BINARY}.new\n  exit 1\nfi\nchmod 0755 {BINARY}.new\nmv {BINARY}.new {BINARY}\n"
        ))
    }
}

/// A volume of its own, for etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// `/dev/xvdb`
    pub device: String,
    /// Where it is mounted.
    pub path: String,
}

impl Disk {
    /// Both stand in files of systemd, which gives a meaning to spaces, `%` and quotes.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        for path in [&self.device, &self.path] {
            if !path.starts_with('/')
                || path == "/"
                || path.ends_with('/')
                || !path.chars().all(plain)
            {
                let detail = format!(
                    "{path:?} is no absolute path of letters, digits, dots, dashes and underscores."
                );
                return Err(Problem::new("The disk cannot be mounted", detail));
            }
        }
        Ok(())
    }

    /// The name of its unit: systemd wants the path in it.
    pub(super) fn unit(&self) -> String {
        let path = self.path.trim_start_matches('/').replace('-', "\\x2d").replace('/', "-");
        format!("{path}.mount")
    }

    pub(super) fn mount(&self) -> String {
        let Disk { device, path } = self;
        format!(
            "[Mount]\nWhat={device}\nWhere={path}\nType=ext4\nOptions=noatime\n\n[Install]\n\
             RequiredBy=local-fs.target\n"
        )
    }
}

/// systemd's unit. It gives the API server its delay when it stops.
pub(super) fn unit(machine: &Machine) -> String {
    let mounts = machine
        .disk
        .as_ref()
        .map(|disk| format!("RequiresMountsFor={}\n", disk.path))
        .unwrap_or_default();
    let fetch = machine
        .program
        .as_ref()
        .map(|_| format!("ExecStartPre=/bin/sh {FETCH}\n"))
        .unwrap_or_default();
    format!(
        "[Unit]\nDescription=kprov node\nWants=network-online.target\nAfter=network-online.target\n{mounts}\
         StartLimitIntervalSec=0\n\n[Service]\n{fetch}ExecStart={BINARY} node up -document {DOCUMENT}\n\
         Restart=on-failure\nRestartSec=5\nKillMode=mixed\nTimeoutStartSec=0\nTimeoutStopSec=240\n\
         LimitNOFILE=1048576\nDelegate=yes\n\n[Install]\nWantedBy=multi-user.target\n"
    )
}

pub(super) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Into memory nothing fails.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}

pub(super) fn gunzip(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    GzDecoder::new(bytes).take(UNPACKED).read_to_string(&mut text).ok()?;
    (text.len() < usize::try_from(UNPACKED).unwrap_or(usize::MAX)).then_some(text)
}
