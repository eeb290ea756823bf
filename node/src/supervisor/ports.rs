//! Is a port free, and if not, who has it?

use std::net::{IpAddr, SocketAddr, TcpListener};

/// What is wrong with a port, if anything.
pub(crate) fn trouble(address: SocketAddr) -> Option<String> {
    let error = TcpListener::bind(address).err()?;
    Some(match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let who = holder(address).map_or_else(String::new, |who| format!(" by {who}"));
            format!("port {} of {} is in use{who}: end that first", address.port(), address.ip())
        }
        std::io::ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine", address.ip())
        }
        _ => format!("it cannot listen on {address}: {error}"),
    })
}

/// The program that listens there, as far as we may see.
fn holder(address: SocketAddr) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table, address))
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

/// Inodes of sockets that listen there, or on the port of all addresses. Several nodes of a laptop listen on the same port,
/// each on an address of its own.
fn listeners(table: &str, address: SocketAddr) -> Vec<String> {
    let local: Vec<String> =
        written(address.ip()).iter().map(|ip| format!("{ip}:{:04X}", address.port())).collect();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&"0A")
            && fields.get(1).is_some_and(|at| local.iter().any(|local| at == local));
        fields.get(9).filter(|_| listens).map(|inode| (*inode).to_owned())
    };
    table.lines().filter_map(row).collect()
}

/// An address as the kernel writes it in its tables, and all addresses: words of four bytes, in the order of this machine.
fn written(ip: IpAddr) -> Vec<String> {
    let words = |octets: &[u8]| {
        let word = |four: &[u8]| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(four);
            format!("{:08X}", u32::from_ne_bytes(bytes))
        };
        octets.chunks_exact(4).map(word).collect::<String>()
    };
    let mut all = vec![words(&[0; 4]), words(&[0; 16])];
    match ip {
        IpAddr::V4(v4) => {
            all.push(words(&v4.octets()));
            all.push(words(&v4.to_ipv6_mapped().octets()));
        }
        IpAddr::V6(v6) => all.push(words(&v6.octets())),
    }
    all
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
    fn the_same_port_of_another_address_is_not_taken_for_this_one() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0200007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1\n\
             1: 0100007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1\n\
             2: 0100007F:094B 0100007F:0001 01 00000000:00000000 00:00000000 00000000     0        0 33 1\n\
             3: 00000000:1234 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 44 1\n";
        if cfg!(target_endian = "little") {
            let at = |address: &str| listeners(table, address.parse().unwrap());
            assert_eq!(at("127.0.0.1:2379"), ["22"]);
            assert_eq!(at("127.0.0.3:2379"), [""; 0]);
            assert_eq!(
                at("127.0.0.3:4660"),
                ["44"],
                "who listens on all addresses has this one, too"
            );
        }
        let (one, other) = ("127.80.0.1:0", "127.80.0.2");
        let listener = TcpListener::bind(one).unwrap();
        let other = SocketAddr::new(other.parse().unwrap(), listener.local_addr().unwrap().port());
        assert_eq!(holder(other), None);
        assert!(holder(listener.local_addr().unwrap()).is_some());
    }

    #[test]
    fn an_address_that_is_not_ours_is_told() {
        let said = trouble("192.0.2.1:1".parse().unwrap()).expect("it is not ours");
        assert!(said.contains("no address of this machine"), "{said}");
    }
}
