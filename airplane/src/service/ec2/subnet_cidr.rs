//! IPv6 blocks of a subnet: inside an IPv6 block of its VPC, of a /44 to /64 in steps of four.
use super::vpc_cidr::{Block, settle};
use super::{cidr, ec2, find, kinds};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::timing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("AssociateSubnetCidrBlock", associate), ("DisassociateSubnetCidrBlock", disassociate)];

/// What happens later to a subnet's block: it is associated, or gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) subnet: String,
    pub(crate) association: String,
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        if let Some(subnet) = ec2(scope).subnets.get_mut(&self.subnet) {
            settle(&mut subnet.ipv6_blocks, &self.association);
        }
    }
}

/// Associations as EC2 lists them.
pub(crate) fn list(blocks: &[Block]) -> Vec<Value> {
    blocks.iter().map(render).collect()
}

fn render(b: &Block) -> Value {
    json!({
        "AssociationId": b.id, "Ipv6CidrBlock": b.cidr, "Ipv6CidrBlockState": {"State": b.state},
        "Ipv6AddressAttribute": "public", "IpSource": "amazon",
    })
}

/// A block that a subnet of the VPC may have.
pub(crate) fn checked(scope: &mut Scope<'_>, vpc_id: &str, text: &str) -> Result<String, Fault> {
    let net = cidr::v6(text, "ipv6CidrBlock")?;
    let wanted = net.to_string();
    let vpc = find(scope, |s| &s.vpcs, "vpc", vpc_id)?;
    let inside = vpc.ipv6_blocks.iter().any(|b| b.holds() && cidr::within(&wanted, &b.cidr));
    let size = (44..=64).contains(&net.prefix_len()) && net.prefix_len() % 4 == 0;
    if !inside || !size {
        return Err(Fault::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let taken = ec2(scope)
        .subnets
        .values()
        .any(|s| s.vpc == vpc_id && s.ipv6_blocks.iter().any(|b| cidr::overlap(&b.cidr, &wanted)));
    if taken {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(Fault::new("InvalidSubnet.Conflict", message));
    }
    Ok(wanted)
}

/// Gives a checked block to a subnet.
pub(crate) fn add(scope: &mut Scope<'_>, id: &str, cidr: String) -> Block {
    let block = Block { id: scope.id("subnet-cidr-assoc"), cidr, state: "associating".to_owned() };
    if let Some(subnet) = ec2(scope).subnets.get_mut(id) {
        subnet.ipv6_blocks.push(block.clone());
    }
    later(scope, id, &block.id);
    block
}

fn later(scope: &mut Scope<'_>, subnet: &str, association: &str) {
    let event = Event { subnet: subnet.to_owned(), association: association.to_owned() };
    scope.schedule(timing::CIDR_ASSOCIATE, super::Event::SubnetCidr(event));
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let id = call.str("SubnetId");
    let subnet = find(call, |s| &s.subnets, "subnet", &id)?;
    let Some(text) = call.opt_str("Ipv6CidrBlock") else {
        let message = "The request must contain the parameter Ipv6CidrBlock";
        return Err(Fault::new("MissingParameter", message));
    };
    if subnet.ipv6_blocks.iter().any(Block::holds) {
        let message = format!("The subnet {id} has an IPv6 CIDR block already");
        return Err(Fault::new("SubnetCidrLimitExceeded", message));
    }
    let wanted = checked(call, &subnet.vpc, &text)?;
    let block = add(call, &id, wanted);
    Ok(json!({"SubnetId": id, "Ipv6CidrBlockAssociation": render(&block)}))
}

fn disassociate(call: &mut Call<'_>) -> Outcome {
    let association = call.str("AssociationId");
    let found = ec2(call).subnets.iter().find_map(|(id, s)| {
        let block = s.ipv6_blocks.iter().find(|b| b.id == association)?;
        Some((id.to_owned(), block.clone()))
    });
    let Some((id, mut block)) = found else {
        return Err(kinds::missing("subnet-cidr-assoc", &association));
    };
    if ec2(call).network_interfaces.values().any(|e| e.subnet == id && !e.ipv6.is_empty()) {
        let message = format!("The IPv6 CIDR block of {id} is in use by network interfaces");
        return Err(Fault::new("InvalidCidrBlock.InUse", message));
    }
    block.state = "disassociating".to_owned();
    if let Some(subnet) = ec2(call).subnets.get_mut(&id) {
        subnet
            .ipv6_blocks
            .iter_mut()
            .filter(|b| b.id == association)
            .for_each(|b| *b = block.clone());
        subnet.assign_ipv6 = false;
    }
    later(call, &id, &association);
    Ok(json!({"SubnetId": id, "Ipv6CidrBlockAssociation": render(&block)}))
}
