//! Machines: which instances are processes, where each can be reached, and how its process is doing. Pure: it says what shall
//! run, `crate::machines` makes it so and tells what became of it. An instance's end waits for the end of its process.
use crate::service::autoscaling;
use crate::service::ec2::instance;
use crate::world::World;
use crate::world::scope::Scope;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::net::Ipv4Addr;

/// A machine, by the id of its instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) vpc: String,
    /// Its address in the VPC.
    pub(crate) private: String,
    /// Where it can be reached.
    pub(crate) address: Ipv4Addr,
    /// Counts its starts, so that news of an earlier one is told apart.
    pub(crate) run: u64,
    pub(crate) process: Process,
    /// The instance would have ended by now, and waits for the process.
    pub(crate) overdue: bool,
}

/// The process of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Process {
    /// There is none; one begins if the instance runs.
    Waiting,
    /// It is about to begin.
    Starting,
    /// It runs.
    Running { pid: u32 },
    /// It ended by itself.
    Ended(Exit),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
}

/// How many addresses of a network were given so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Given {
    next: u32,
}

/// The second number of machines' addresses, 127.77.X.Y.
const MACHINES: u8 = 77;
/// The second number of load balancers' addresses, 127.78.X.Y.
const BALANCERS: u8 = 78;
/// The last number is 1 to 254.
const PER_BLOCK: u32 = 254;
const ADDRESSES: u32 = 256 * PER_BLOCK;

/// What a process is started with.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) instance: String,
    pub(crate) run: u64,
    pub(crate) address: Ipv4Addr,
    pub(crate) region: String,
    /// Without compression.
    pub(crate) user_data: Vec<u8>,
}

// The next address of a network that nobody has. Addresses come in order, and come again when all were given.
fn give(world: &mut World, network: u8, taken: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
    let origin = u32::from(world.loopback?) * PER_BLOCK;
    let (name, now) = (format!("127.{network}"), world.now);
    let mut next = world.root.given.get(&name).map_or(origin, |given| given.next);
    for _ in 0..ADDRESSES {
        let number = next % ADDRESSES;
        next = number + 1;
        let block = u8::try_from(number / PER_BLOCK).ok()?;
        let last = u8::try_from(number % PER_BLOCK + 1).ok()?;
        let address = Ipv4Addr::new(127, network, block, last);
        if !taken.contains(&address) {
            world.root.given.insert_implicit(&name, Given { next }, now);
            return Some(address);
        }
    }
    None
}

/// An address for a new network load balancer, where machines are processes.
pub(crate) fn balancer_address(world: &mut World) -> Option<Ipv4Addr> {
    let realms = world.accounts.values().flat_map(|account| account.realms.values());
    let balancers = realms.flat_map(|realm| realm.elbv2.load_balancers.values());
    let taken = balancers.filter_map(|balancer| balancer.address).collect();
    give(world, BALANCERS, &taken)
}

/// The instance runs: if its user data is for kprov's node, so shall its process.
pub(crate) fn boot(scope: &mut Scope<'_>, id: &str) {
    let Some(instance) = scope.realm().ec2.instances.get(id).cloned() else { return };
    if scope.world.loopback.is_none() || !is_for_node(instance.user_data.as_deref()) {
        return;
    }
    if let Some(machine) = scope.world.root.machines.get_mut(id) {
        machine.run += 1;
        machine.process = Process::Waiting;
        return;
    }
    let taken = scope.world.root.machines.values().map(|machine| machine.address).collect();
    let Some(address) = give(scope.world, MACHINES, &taken) else { return };
    let machine = Machine {
        account: scope.account.clone(),
        region: scope.region.clone(),
        vpc: instance.vpc,
        private: instance.private_ip.unwrap_or_default(),
        address,
        run: 1,
        process: Process::Waiting,
        overdue: false,
    };
    let now = scope.now();
    scope.world.root.machines.insert_implicit(id, machine, now);
}

/// The instance is rebooted: its process ends, and another one begins.
pub(crate) fn reboot(scope: &mut Scope<'_>, id: &str) {
    if let Some(machine) = scope.world.root.machines.get_mut(id) {
        machine.run += 1;
        if matches!(machine.process, Process::Ended(_)) {
            machine.process = Process::Waiting;
        }
    }
}

/// The machine's process is still there, so that its instance cannot have ended; it is told when that changes.
pub(crate) fn holds(scope: &mut Scope<'_>, id: &str) -> bool {
    match scope.world.root.machines.get_mut(id) {
        Some(machine) if machine.process.is_there() => {
            machine.overdue = true;
            true
        }
        _ => false,
    }
}

/// The instance is terminated: its address is free.
pub(crate) fn forget(scope: &mut Scope<'_>, id: &str) {
    scope.world.root.machines.remove(id);
}

/// Did the machine's process end by itself?
pub(crate) fn has_failed(world: &World, id: &str) -> bool {
    let machine = world.root.machines.get(id);
    machine.is_some_and(|machine| matches!(machine.process, Process::Ended(_)))
}

impl Process {
    fn is_there(&self) -> bool {
        matches!(self, Process::Starting | Process::Running { .. })
    }
}

fn scope_of<'w>(world: &'w mut World, machine: &Machine) -> Scope<'w> {
    Scope { world, account: machine.account.clone(), region: machine.region.clone() }
}

/// The state of the instance behind a machine.
pub(crate) fn instance_state(world: &World, id: &str, machine: &Machine) -> Option<String> {
    let realm = world.accounts.get(&machine.account)?.realms.get(&machine.region)?;
    Some(realm.ec2.instances.get(id)?.state.clone())
}

/// The machines that shall run, each with the number of its start.
pub(crate) fn wanted(world: &World) -> BTreeMap<String, u64> {
    let runs = |(id, machine): &(&str, &Machine)| {
        !matches!(machine.process, Process::Ended(_))
            && instance_state(world, id, machine).as_deref() == Some("running")
    };
    let machines = world.root.machines.iter().filter(runs);
    machines.map(|(id, machine)| (id.to_owned(), machine.run)).collect()
}

/// Somebody is about to start the machine; nothing, if it shall not run any more.
pub(crate) fn claim(world: &mut World, id: &str, run: u64) -> Option<Order> {
    if wanted(world).get(id) != Some(&run) {
        return None;
    }
    let machine = world.root.machines.get_mut(id)?;
    machine.process = Process::Starting;
    let machine = machine.clone();
    let data = scope_of(world, &machine).realm().ec2.instances.get(id)?.user_data.clone();
    let user_data = unpacked(decoded(data.as_deref()?)?);
    let (instance, Machine { address, region, .. }) = (id.to_owned(), machine);
    Some(Order { instance, run, address, region, user_data })
}

/// Its process runs.
pub(crate) fn started(world: &mut World, id: &str, run: u64, pid: u32) {
    if let Some(machine) = world.root.machines.get_mut(id)
        && (machine.run == run || machine.process == Process::Starting)
    {
        machine.process = Process::Running { pid };
    }
}

/// Its process is gone: because somebody ended it, or (`exit`) by itself.
pub(crate) fn ended(world: &mut World, id: &str, run: u64, exit: Option<Exit>) {
    let Some(machine) = world.root.machines.get_mut(id) else { return };
    machine.process = Process::Waiting;
    let overdue = std::mem::take(&mut machine.overdue);
    let machine = machine.clone();
    let state = instance_state(world, id, &machine);
    let scope = &mut scope_of(world, &machine);
    match (state.as_deref(), exit) {
        (Some("running"), Some(exit)) if machine.run == run => by_itself(scope, id, exit),
        (Some(state), _) if overdue => instance::go_on(scope, id, state),
        _ => {}
    }
}

// A machine that powers itself off did so in good order; one that breaks down fails its status checks.
fn by_itself(scope: &mut Scope<'_>, id: &str, exit: Exit) {
    if exit.code == Some(0) {
        return instance::shut_itself_down(scope, id);
    }
    if let Some(machine) = scope.world.root.machines.get_mut(id) {
        machine.process = Process::Ended(exit);
    }
    autoscaling::instance_changed(scope, id);
}

/// After a start of airplane no process of an earlier life counts.
pub(crate) fn begin_anew(world: &mut World) {
    for id in world.root.machines.ids() {
        let there = world.root.machines.get(&id).is_some_and(|machine| machine.process.is_there());
        if there {
            ended(world, &id, 0, None);
        }
    }
}

/// Where private addresses can be reached: by address, the newest machine first where VPCs overlap, and by VPC and address.
pub(crate) fn addresses(world: &World) -> BTreeMap<String, Ipv4Addr> {
    let mut all = BTreeMap::new();
    for machine in world.root.machines.values() {
        all.insert(machine.private.clone(), machine.address);
        all.insert(format!("{}/{}", machine.vpc, machine.private), machine.address);
    }
    all
}

/// What every node document holds.
const MARKER: &str = "kprov.dev/";
/// Larger than any user data, so that a small archive cannot blow up.
const MOST: u64 = 4 << 20;

/// User data as it was given.
pub(crate) fn decoded(user_data: &str) -> Option<Vec<u8>> {
    STANDARD.decode(user_data.trim()).ok()
}

fn unpacked(data: Vec<u8>) -> Vec<u8> {
    if !data.starts_with(&[0x1f, 0x8b]) {
        return data;
    }
    let mut plain = Vec::new();
    let read =
        flate2::read::MultiGzDecoder::new(data.as_slice()).take(MOST).read_to_end(&mut plain);
    if read.is_ok() { plain } else { data }
}

// Does it hold a node document, plainly, in a data URL, or encoded and compressed as files of cloud-config can be?
fn is_for_node(user_data: Option<&str>) -> bool {
    let Some(data) = user_data.and_then(decoded).map(unpacked) else { return false };
    let text = String::from_utf8_lossy(&data);
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let inner = |word: &str| {
        let word = word.trim_end_matches('=');
        let inner = base64::engine::general_purpose::STANDARD_NO_PAD.decode(word).map(unpacked);
        inner.is_ok_and(|inner| String::from_utf8_lossy(&inner).contains(MARKER))
    };
    text.contains(MARKER)
        || text.contains("kprov.dev%2F")
        || text.split(|c| !is_base64(c)).filter(|word| word.len() >= 16).any(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn user_data_of_nodes_is_told_apart() {
        let document = "apiVersion: kprov.dev/v1alpha1\nkind: Node\n";
        let nested = |encoding: &str, content: &str| {
            format!("#cloud-config\nwrite_files:\n- encoding: {encoding}\n  content: {content}\n")
        };
        let ignition = r#"{"source":"data:,apiVersion%3A%20kprov.dev%2Fv1alpha1"}"#;
        for node in [
            STANDARD.encode(document),
            STANDARD.encode(packed(document)),
            STANDARD.encode(nested("b64", &STANDARD.encode(document))),
            STANDARD.encode(packed(&nested("gz+b64", &STANDARD.encode(packed(document))))),
            STANDARD.encode(ignition),
            STANDARD.encode(format!("data:;base64,{}", STANDARD.encode(document))),
        ] {
            assert!(is_for_node(Some(&node)), "{node}");
        }
        let other = "#!/bin/sh\necho a b c | tee /etc/kubernetes/config\n";
        for other in [STANDARD.encode(other), STANDARD.encode([0x1f, 0x8b, 1]), "%%%".to_owned()] {
            assert!(!is_for_node(Some(&other)), "{other}");
        }
        assert!(!is_for_node(None));
    }

    #[test]
    fn addresses_come_in_order_and_again_only_after_all_others() {
        let mut world = World::new(1, 0);
        assert_eq!(give(&mut world, MACHINES, &BTreeSet::new()), None, "machines are hollow");
        world.loopback = Some(255);
        let first = give(&mut world, MACHINES, &BTreeSet::new()).unwrap();
        assert_eq!(first, Ipv4Addr::new(127, 77, 255, 1));
        for _ in 1..PER_BLOCK - 1 {
            give(&mut world, MACHINES, &BTreeSet::new()).unwrap();
        }
        let taken = BTreeSet::from([Ipv4Addr::new(127, 77, 0, 1)]);
        let next = |world: &mut World| give(world, MACHINES, &taken).unwrap();
        assert_eq!(next(&mut world), Ipv4Addr::new(127, 77, 255, 254));
        assert_eq!(next(&mut world), Ipv4Addr::new(127, 77, 0, 2));
        assert_eq!(give(&mut world, BALANCERS, &taken).unwrap(), Ipv4Addr::new(127, 78, 255, 1));
    }
}
