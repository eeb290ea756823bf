//! `-rotate`: members that a person wants replaced. An address means all members of its groups, `ADDRESS=MACHINE` or a
//! machine's id means one.

use std::collections::BTreeSet;

use kprov_apply::rotation::{Observed, Site};
use kprov_core::addr::{Target, parse_target};
use kprov_core::{Diagnostic, Diagnostics};
use kprov_provider::rotation::MachineId;

use crate::selection::selects;

/// One `-rotate`.
#[derive(Clone, Debug, PartialEq)]
enum Naming {
    /// All members of these groups.
    Groups(Target),
    /// One member of one of these groups.
    Member(Target, MachineId),
    /// One member of any group.
    Machine(MachineId),
}

/// The machines that `texts` name, of the groups that were seen.
///
/// # Errors
/// When a text names nothing; it says what there is.
pub(super) fn named(
    texts: &[String],
    sites: &[Site],
    observed: &Observed,
) -> Result<BTreeSet<MachineId>, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut all = BTreeSet::new();
    for text in texts {
        match parse(text) {
            Ok(naming) => match one(text, &naming, sites, observed) {
                Ok(machines) => all.extend(machines),
                Err(problem) => problems.push(problem),
            },
            Err(problem) => problems.push(problem),
        }
    }
    problems.into_result(all).map(|(all, _)| all)
}

/// Addresses first: keys in them may hold an equals sign.
fn parse(text: &str) -> Result<Naming, Diagnostic> {
    let invalid = |why: &str| Diagnostic::error(INVALID, format!("-rotate={text}: {why}"));
    if let Ok(target) = parse_target(text) {
        return Ok(Naming::Groups(target));
    }
    let is_machine = |id: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !id.is_empty() && id.chars().all(plain)
    };
    if let Some((address, machine)) = text.rsplit_once('=')
        && is_machine(machine)
    {
        let target = parse_target(address).map_err(|error| invalid(&error.to_string()))?;
        return Ok(Naming::Member(target, MachineId::new(machine)));
    }
    if is_machine(text) {
        return Ok(Naming::Machine(MachineId::new(text)));
    }
    Err(invalid("say a group's address, ADDRESS=MACHINE, or a machine's id"))
}

const INVALID: &str = "Invalid rotate address";

fn one(
    text: &str,
    naming: &Naming,
    sites: &[Site],
    observed: &Observed,
) -> Result<Vec<MachineId>, Diagnostic> {
    let meant = |site: &&Site| match naming {
        Naming::Groups(target) | Naming::Member(target, _) => selects(target, &site.address),
        Naming::Machine(_) => true,
    };
    let meant: Vec<&Site> = sites.iter().filter(meant).collect();
    if meant.is_empty() {
        return Err(no_group(text, sites));
    }
    let members: Vec<MachineId> = meant.iter().flat_map(|site| members(site, observed)).collect();
    let wanted = match naming {
        Naming::Groups(_) => return Ok(members),
        Naming::Member(_, machine) | Naming::Machine(machine) => machine,
    };
    if members.contains(wanted) {
        return Ok(vec![wanted.clone()]);
    }
    Err(no_member(text, wanted, &meant, observed))
}

/// Machines that are there and stay, in order.
fn members(site: &Site, observed: &Observed) -> Vec<MachineId> {
    let view = observed.groups.get(&site.group.id);
    let members = view.into_iter().flat_map(|view| &view.members);
    let mut ids: Vec<MachineId> =
        members.filter(|member| !member.going()).map(|member| member.id.clone()).collect();
    ids.sort();
    ids
}

fn no_group(text: &str, sites: &[Site]) -> Diagnostic {
    let detail = if sites.is_empty() {
        format!(
            "-rotate={text} names nothing that can be rotated: no object in the state is a group of machines whose \
             block has lifecycle {{ rotation {{ .. }} }}."
        )
    } else {
        format!("-rotate={text} names no group that is rotated. There are:{}", list(sites.iter()))
    };
    Diagnostic::error("No such group", detail)
}

fn no_member(text: &str, machine: &MachineId, meant: &[&Site], observed: &Observed) -> Diagnostic {
    let groups = meant.iter().map(|site| {
        let ids: Vec<String> = members(site, observed).iter().map(ToString::to_string).collect();
        let ids = if ids.is_empty() { "no machines".to_owned() } else { ids.join(", ") };
        format!("\n  - {}: {ids}", site.address)
    });
    let groups: String = groups.collect();
    Diagnostic::error(
        "No such member",
        format!("-rotate={text}: {machine} is no member of what is meant. There are:{groups}"),
    )
}

fn list<'s>(sites: impl Iterator<Item = &'s Site>) -> String {
    sites.map(|site| format!("\n  - {}", site.address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_read() {
        let target = |text: &str| parse_target(text).expect("the case is an address");
        let check = |text: &str, expected: Naming| {
            assert_eq!(parse(text).expect("the case is well formed"), expected, "{text}");
        };
        check("t.a", Naming::Groups(target("t.a")));
        check("module.m", Naming::Groups(target("module.m")));
        check("t.a[\"x=y\"]", Naming::Groups(target("t.a[\"x=y\"]")));
        let machine = || MachineId::new("i-0abc");
        check("i-0abc", Naming::Machine(machine()));
        check("t.a=i-0abc", Naming::Member(target("t.a"), machine()));
        check("t.a[\"x=y\"]=i-0abc", Naming::Member(target("t.a[\"x=y\"]"), machine()));
        for wrong in ["", "=", "t.a=", "a b", "9!=i-0abc"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
