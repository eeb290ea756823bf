//! What is wrong with objects that are planned together, told without a call: subnets on the same
//! addresses or outside of their VPC, blocks of one VPC that overlap, two objects for one place.
//!
//! Ids of new objects are not known yet, so an object is told by where its id will come from. What
//! cannot be told is not complained of: AWS says it at apply.

use std::collections::HashMap;

use ipnet::IpNet;
use kprov_core::{Path, Value};
use kprov_provider::{AttributeError, PlannedInstance};

use crate::fields::Fields;

const VPC: &str = "aws_vpc";
const SUBNET: &str = "aws_subnet";
const BLOCK: &str = "aws_vpc_ipv4_cidr_block_association";

/// Types that are looked at, or referred to by those.
pub(crate) const TYPES: [&str; 9] = [
    VPC,
    SUBNET,
    BLOCK,
    "aws_route",
    "aws_route_table",
    "aws_route_table_association",
    "aws_security_group",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
];

/// Of these types, no two objects may agree in all of these attributes; the last is named.
const DISTINCT: [(&str, &[&str], &str); 6] = [
    ("aws_route", &["route_table_id", "destination_cidr_block"], "destination_cidr_block"),
    (
        "aws_route",
        &["route_table_id", "destination_ipv6_cidr_block"],
        "destination_ipv6_cidr_block",
    ),
    ("aws_route", &["route_table_id", "destination_prefix_list_id"], "destination_prefix_list_id"),
    ("aws_route_table_association", &["subnet_id"], "subnet_id"),
    ("aws_vpc_security_group_egress_rule", &RULE, "security_group_id"),
    ("aws_vpc_security_group_ingress_rule", &RULE, "security_group_id"),
];

/// What makes a rule of a security group.
const RULE: [&str; 8] = [
    "security_group_id",
    "ip_protocol",
    "from_port",
    "to_port",
    "cidr_ipv4",
    "cidr_ipv6",
    "prefix_list_id",
    "referenced_security_group_id",
];

/// Attributes that hold an id, and of what.
const IDS: [(&str, &str); 5] = [
    ("referenced_security_group_id", "aws_security_group"),
    ("route_table_id", "aws_route_table"),
    ("security_group_id", "aws_security_group"),
    ("subnet_id", SUBNET),
    ("vpc_id", VPC),
];

/// What an attribute stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// A known text or number, or nothing.
    Known(Option<String>),
    /// The id of that planned object.
    Of(usize),
}

/// Everything that is planned.
struct Plan<'p, 'a> {
    all: &'p [PlannedInstance<'a>],
    /// Objects that are there already, by id.
    by_id: HashMap<&'p str, usize>,
    /// Further blocks by their VPC; none where not all can be told.
    further: Option<HashMap<Part, Vec<usize>>>,
    problems: Vec<(usize, AttributeError)>,
}

/// All problems, each with the index of the object at fault.
pub(crate) fn problems(all: &[PlannedInstance<'_>]) -> Vec<(usize, AttributeError)> {
    let by_id = all.iter().enumerate().filter_map(|(n, it)| Some((Fields(it.value).str("id")?, n)));
    let by_id = by_id.filter(|(_, n)| [VPC, SUBNET].contains(&all[*n].ty)).collect();
    let mut plan = Plan { all, by_id, further: None, problems: Vec::new() };
    plan.further = plan.further();
    let mut vpcs: HashMap<Part, Vec<usize>> = HashMap::new();
    for (index, instance) in all.iter().enumerate() {
        if instance.ty == SUBNET
            && let Some(vpc @ (Part::Of(_) | Part::Known(Some(_)))) = plan.part(index, "vpc_id")
        {
            vpcs.entry(vpc).or_default().push(index);
        }
    }
    let mut vpcs: Vec<_> = vpcs.into_iter().collect();
    vpcs.sort_by_key(|(_, subnets)| subnets.first().copied());
    for (vpc, subnets) in vpcs {
        plan.overlaps(&subnets, "cidr_block");
        plan.overlaps(&subnets, "ipv6_cidr_block");
        if let Part::Of(vpc) = vpc {
            plan.outsiders(vpc, &subnets);
        }
    }
    plan.blocks();
    for (ty, names, at) in DISTINCT {
        plan.doubles(ty, names, at);
    }
    plan.problems
}

impl Plan<'_, '_> {
    fn fields(&self, index: usize) -> Fields<'_> {
        Fields(self.all[index].value)
    }

    fn net(&self, index: usize, name: &str) -> Option<IpNet> {
        self.fields(index).str(name)?.parse().ok()
    }

    /// What an attribute stands for; `None` where that cannot be told.
    fn part(&self, index: usize, name: &str) -> Option<Part> {
        let value = self.fields(index).get(name);
        if value.is_known() {
            return Some(match value {
                Value::String(text) => {
                    let known = self.by_id.get(text.as_str());
                    known.map_or_else(|| Part::Known(Some(text.to_string())), |it| Part::Of(*it))
                }
                Value::Number(number) => Part::Known(Some(number.to_string())),
                _ => Part::Known(None),
            });
        }
        let (_, ty) = IDS.iter().find(|(attribute, _)| *attribute == name)?;
        let source = self.all[index].source(name)?;
        (self.all[source].ty == *ty).then_some(Part::Of(source))
    }

    fn complain(&mut self, index: usize, name: &str, summary: &str, message: String, sure: bool) {
        let mut error = AttributeError::new(Path::attribute(name), summary, message);
        error.warning = !sure;
        self.problems.push((index, error));
    }

    /// Subnets of one VPC that overlap. Named at the one that is made.
    fn overlaps(&mut self, subnets: &[usize], name: &str) {
        let mut nets: Vec<(IpNet, usize)> =
            subnets.iter().filter_map(|it| Some((self.net(*it, name)?, *it))).collect();
        nets.sort_by_key(|(net, index)| (net.network(), net.prefix_len(), *index));
        // Sorted by where they begin, the widest of those before is the only one to compare with.
        let mut widest: Option<(IpNet, usize)> = None;
        for (net, index) in nets {
            let Some((outer, other)) = widest else {
                widest = Some((net, index));
                continue;
            };
            if !outer.contains(&net) {
                widest = Some((net, index));
                continue;
            }
            let (at, named) =
                match self.all[index].is_new && (index > other || !self.all[other].is_new) {
                    true => (index, other),
                    false => (other, index),
                };
            if !self.all[at].is_new {
                continue;
            }
            let text = |index: usize| self.fields(index).str(name).unwrap_or_default().to_owned();
            let message = format!(
                "{:?} overlaps {:?} of {} in the same VPC. Give each subnet addresses of its own.",
                text(at),
                text(named),
                self.all[named].addr
            );
            self.complain(at, name, "Overlapping CIDR blocks", message, true);
        }
    }

    /// New subnets that are in none of their VPC's blocks.
    fn outsiders(&mut self, vpc: usize, subnets: &[usize]) {
        let Some(blocks) = self.blocks_of(vpc) else { return };
        let listed: Vec<String> = blocks.iter().map(|(net, _)| net.to_string()).collect();
        for &subnet in subnets.iter().filter(|it| self.all[**it].is_new) {
            let Some(net) = self.net(subnet, "cidr_block") else { continue };
            if blocks.iter().any(|(block, _)| block.contains(&net)) {
                continue;
            }
            let message = format!(
                "{:?} is outside of {}, which has {}. Choose a block inside, or give the VPC \
                 another one with {BLOCK}.",
                net.to_string(),
                self.all[vpc].addr,
                listed.join(", ")
            );
            // One that is there already may have blocks that are not managed here.
            let sure = self.all[vpc].is_new;
            self.complain(subnet, "cidr_block", "Subnet outside of its VPC", message, sure);
        }
    }

    fn further(&self) -> Option<HashMap<Part, Vec<usize>>> {
        let mut further: HashMap<Part, Vec<usize>> = HashMap::new();
        for index in (0..self.all.len()).filter(|it| self.all[*it].ty == BLOCK) {
            further.entry(self.part(index, "vpc_id")?).or_default().push(index);
        }
        Some(further)
    }

    /// The IPv4 blocks of a VPC and who gives them; `None` where not all can be told.
    fn blocks_of(&self, vpc: usize) -> Option<Vec<(IpNet, usize)>> {
        let further = self.further.as_ref()?.get(&Part::Of(vpc)).into_iter().flatten();
        let all = std::iter::once(&vpc).chain(further);
        all.map(|index| Some((self.net(*index, "cidr_block")?, *index))).collect()
    }

    /// Blocks of one VPC that overlap.
    fn blocks(&mut self) {
        for vpc in (0..self.all.len()).filter(|it| self.all[*it].ty == VPC) {
            let Some(blocks) = self.blocks_of(vpc) else { continue };
            for (place, (net, index)) in blocks.iter().enumerate().skip(1) {
                let clash = blocks[..place]
                    .iter()
                    .find(|(other, _)| other.contains(net) || net.contains(other));
                let Some((other, named)) = clash.filter(|_| self.all[*index].is_new) else {
                    continue;
                };
                let message = format!(
                    "{:?} overlaps {:?} of {}. The blocks of a VPC must not overlap.",
                    net.to_string(),
                    other.to_string(),
                    self.all[*named].addr
                );
                self.complain(*index, "cidr_block", "Overlapping CIDR blocks", message, true);
            }
        }
    }

    /// Two objects for one place, of which AWS takes one.
    fn doubles(&mut self, ty: &str, names: &[&str], at: &str) {
        let mut seen: HashMap<Vec<Part>, usize> = HashMap::new();
        for index in (0..self.all.len()).filter(|it| self.all[*it].ty == ty) {
            let parts: Option<Vec<Part>> = names.iter().map(|it| self.part(index, it)).collect();
            let Some(parts) = parts else { continue };
            // What is not set is not the same place.
            if names.contains(&at) && self.part(index, at) == Some(Part::Known(None)) {
                continue;
            }
            let Some(other) = seen.get(&parts).copied() else {
                seen.insert(parts, index);
                continue;
            };
            let (at_fault, named) =
                if self.all[index].is_new { (index, other) } else { (other, index) };
            if self.all[at_fault].is_new {
                let message = format!(
                    "{} says the same already, and AWS takes it once: remove one of them.",
                    self.all[named].addr
                );
                self.complain(at_fault, at, "The same object twice", message, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kprov_core::{InstanceAddr, Type};
    use kprov_provider::testing::complete;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::tests::flight::config;

    /// Address, configuration, and where unknown ids come from.
    type Told<'t> = (&'t str, Json, &'t [(&'t str, usize)]);

    /// Objects by address, each with a configuration and where its unknown ids come from.
    fn told(objects: &[Told<'_>]) -> Vec<String> {
        let built: Vec<(InstanceAddr, Value)> = objects
            .iter()
            .map(|(addr, json, sources)| {
                let addr: InstanceAddr = addr.parse().unwrap();
                let block = &crate::SCHEMA.resources[&addr.resource.ty].schema.block;
                let value = complete(block, &config(json.clone()));
                let open = sources.iter().map(|(name, _)| (*name, Value::unknown(Type::String)));
                (addr, kprov_provider::with_attributes(&value, open))
            })
            .collect();
        let planned: Vec<PlannedInstance<'_>> = built
            .iter()
            .zip(objects)
            .map(|((addr, value), (_, _, sources))| PlannedInstance {
                ty: addr.resource.ty.as_str(),
                addr,
                value,
                before: None,
                is_new: Fields(value).str("id").is_none(),
                sources: sources.iter().map(|(name, of)| ((*name).into(), vec![*of])).collect(),
            })
            .collect();
        let found = problems(&planned).into_iter().map(|(index, error)| {
            let kind = if error.warning { "warning" } else { "error" };
            format!("{kind} {}{}: {}", built[index].0, error.path, error.message)
        });
        found.collect()
    }

    fn block(text: &str) -> Json {
        json!({"cidr_block": text})
    }

    #[test]
    fn subnets_of_a_new_vpc_must_be_inside_and_apart() {
        let of = &[("vpc_id", 0)][..];
        let found = told(&[
            ("aws_vpc.v", block("10.0.0.0/16"), &[]),
            ("aws_subnet.a", block("10.0.0.0/20"), of),
            ("aws_subnet.b", block("10.0.1.0/24"), of),
            ("aws_subnet.c", block("10.1.0.0/24"), of),
            ("aws_subnet.d", block("10.2.0.0/24"), of),
            ("aws_vpc_ipv4_cidr_block_association.x", block("10.2.0.0/16"), of),
            ("aws_vpc_ipv4_cidr_block_association.y", block("10.2.128.0/20"), of),
        ]);
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].starts_with("error aws_subnet.b.cidr_block: \"10.0.1.0/24\" overlaps"));
        assert!(found[0].contains("aws_subnet.a"), "{found:#?}");
        assert!(found[1].starts_with("error aws_subnet.c.cidr_block: \"10.1.0.0/24\" is outside"));
        assert!(found[1].contains("10.0.0.0/16, 10.2.0.0/16"), "{found:#?}");
        assert!(found[2].starts_with("error aws_vpc_ipv4_cidr_block_association.y.cidr_block"));
    }

    #[test]
    fn what_cannot_be_told_is_not_complained_of() {
        let found = told(&[
            ("aws_vpc.v", block("10.0.0.0/16"), &[]),
            ("aws_vpc.w", block("10.0.0.0/16"), &[]),
            ("aws_subnet.a", block("10.0.0.0/24"), &[("vpc_id", 0)]),
            // Another VPC, the same addresses.
            ("aws_subnet.b", block("10.0.0.0/24"), &[("vpc_id", 1)]),
            // An id that comes from something else.
            ("aws_subnet.c", block("10.0.0.0/24"), &[("vpc_id", 2)]),
            // A block that may be any VPC's.
            ("aws_subnet.d", block("10.9.0.0/24"), &[("vpc_id", 0)]),
            ("aws_vpc_ipv4_cidr_block_association.x", block("10.9.0.0/16"), &[("vpc_id", 2)]),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn of_a_vpc_that_is_there_not_all_blocks_are_known() {
        let old = json!({"id": "vpc-1", "cidr_block": "10.0.0.0/16"});
        let subnet = |block: &str| json!({"vpc_id": "vpc-1", "cidr_block": block});
        let there = json!({"id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.8.0.0/24"});
        let found = told(&[
            ("aws_vpc.v", old, &[]),
            ("aws_subnet.a", subnet("10.9.0.0/24"), &[]),
            ("aws_subnet.b", subnet("10.8.0.0/25"), &[]),
            ("aws_subnet.old", there, &[]),
        ]);
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].starts_with("error aws_subnet.b.cidr_block: \"10.8.0.0/25\" overlaps"));
        assert!(found[1].starts_with("warning aws_subnet.a.cidr_block"), "{found:#?}");
        assert!(found[2].starts_with("warning aws_subnet.b.cidr_block"), "{found:#?}");
    }

    #[test]
    fn one_place_is_taken_once() {
        let route = |block: &str| json!({"destination_cidr_block": block});
        let rule = |port: i64| json!({"ip_protocol": "tcp", "from_port": port, "to_port": port, "cidr_ipv4": "10.0.0.0/8"});
        let (table, group) = (&[("route_table_id", 0)][..], &[("security_group_id", 1)][..]);
        let found = told(&[
            ("aws_route_table.t", json!({}), &[]),
            ("aws_security_group.g", json!({}), &[]),
            ("aws_route.a", route("0.0.0.0/0"), table),
            ("aws_route.b", route("0.0.0.0/0"), table),
            ("aws_route.c", route("10.0.0.0/8"), table),
            ("aws_vpc_security_group_ingress_rule.a", rule(22), group),
            ("aws_vpc_security_group_ingress_rule.b", rule(22), group),
            ("aws_vpc_security_group_ingress_rule.c", rule(23), group),
            ("aws_vpc_security_group_egress_rule.d", rule(22), group),
        ]);
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with("error aws_route.b.destination_cidr_block: aws_route.a says"));
        assert!(
            found[1].starts_with("error aws_vpc_security_group_ingress_rule.b.security_group_id")
        );
    }
}
