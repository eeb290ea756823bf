//! Is a port free, and if not, who has it?

use std::net::{SocketAddr, TcpListener};

/// What is wrong with a port, if anything.
pub(super) fn trouble(address: SocketAddr) -> Option<String> {
    let error = TcpListener::bind(address).err()?;
    Some(match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let who = holder(address.port()).map_or_else(String::new, |who| format!(" by {who}"));
            format!(
                "port {} of {} is in use{who}; end that, or choose another port",
                address.port(),
                address.ip()
            )
        }
        std::io::ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine", address.ip())
        }
        _ => format!("it cannot listen on {address}: {error}"),
    })
}

/// The program that listens on a port, as far as we may see.
fn holder(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, port))
        .collect();
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(open) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let has =
            open.flatten().filter_map(|file| std::fs::read_link(file.path()).ok()).any(|link| {
                let link = link.to_string_lossy().into_owned();
                inodes.iter().any(|inode| link == format!("socket:[{inode}]"))
            });
        if has {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (process {pid})", name.trim()));
        }
    }
    None
}

/// Inodes of sockets that listen on a port.
fn listeners(table: &str, port: u16) -> Vec<String> {
    let local = format!(":{port:04X}");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens =
            fields.get(3) == Some(&"0A") && fields.get(1).is_some_and(|at| at.ends_with(&local));
        fields.get(9).filter(|_| listens).map(|inode| (*inode).to_owned())
    };
    table.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_who_has_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let said = trouble(address).expect("it is taken");
        assert!(said.contains(&address.port().to_string()), "{said}");
        assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
        drop(listener);
        assert_eq!(trouble(address), None);
    }

    #[test]
    fn an_address_that_is_not_ours_is_told() {
        let said = trouble("192.0.2.1:1".parse().unwrap()).expect("it is not ours");
        assert!(said.contains("no address of this machine"), "{said}");
    }
}
