//! Address blocks of a VPC: further IPv4 blocks within AWS's restrictions, and Amazon's IPv6 block, each with its state.
use super::{cidr, ec2, find, kinds, network_acl};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::timing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("AssociateVpcCidrBlock", associate), ("DisassociateVpcCidrBlock", disassociate)];

/// An address block of a VPC or subnet, by association id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) id: String,
    pub(crate) cidr: String,
    pub(crate) state: String,
}

impl Block {
    /// Does it count: is it there, or about to be?
    pub(crate) fn holds(&self) -> bool {
        matches!(self.state.as_str(), "associated" | "associating")
    }
}

/// What happens later to a VPC's block: it is associated, or gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) vpc: String,
    pub(crate) association: String,
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Some(vpc) = ec2(scope).vpcs.get_mut(&self.vpc) else { return };
        for blocks in [&mut vpc.blocks, &mut vpc.ipv6_blocks] {
            settle(blocks, &self.association);
        }
    }
}

/// Ends the transition of an association.
pub(crate) fn settle(blocks: &mut Vec<Block>, association: &str) {
    blocks.retain(|b| b.id != association || b.state != "disassociating");
    for block in blocks.iter_mut().filter(|b| b.id == association) {
        block.state = "associated".to_owned();
    }
}

/// IPv4 associations as EC2 lists them.
pub(crate) fn blocks_v4(blocks: &[Block]) -> Vec<Value> {
    blocks.iter().map(block_v4).collect()
}

fn block_v4(b: &Block) -> Value {
    json!({"AssociationId": b.id, "CidrBlock": b.cidr, "CidrBlockState": {"State": b.state}})
}

/// IPv6 associations of a VPC as EC2 lists them.
pub(crate) fn blocks_v6(blocks: &[Block], region: &str) -> Vec<Value> {
    blocks.iter().map(|b| block_v6(b, region)).collect()
}

fn block_v6(b: &Block, region: &str) -> Value {
    json!({
        "AssociationId": b.id, "Ipv6CidrBlock": b.cidr, "Ipv6CidrBlockState": {"State": b.state},
        "NetworkBorderGroup": region, "Ipv6Pool": "Amazon", "Ipv6AddressAttribute": "public", "IpSource": "amazon",
    })
}

/// Gives a block out of Amazon's pool to a VPC.
pub(crate) fn add_amazon_v6(scope: &mut Scope<'_>, id: &str) -> Block {
    let cidr = cidr::amazon_v6(scope);
    let block = Block { id: scope.id("vpc-cidr-assoc"), cidr, state: "associating".to_owned() };
    if let Some(vpc) = ec2(scope).vpcs.get_mut(id) {
        vpc.ipv6_blocks.push(block.clone());
    }
    network_acl::open_ipv6(scope, id);
    later(scope, id, &block.id);
    block
}

fn later(scope: &mut Scope<'_>, vpc: &str, association: &str) {
    let event = Event { vpc: vpc.to_owned(), association: association.to_owned() };
    scope.schedule(timing::CIDR_ASSOCIATE, super::Event::VpcCidr(event));
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcId");
    let vpc = find(call, |s| &s.vpcs, "vpc", &id)?;
    if call.opt_bool("AmazonProvidedIpv6CidrBlock") == Some(true) {
        if vpc.ipv6_blocks.iter().filter(|b| b.holds()).count() >= 5 {
            return Err(too_many(&id, 5));
        }
        let block = add_amazon_v6(call, &id);
        return Ok(
            json!({"VpcId": id, "Ipv6CidrBlockAssociation": block_v6(&block, &call.region)}),
        );
    }
    let Some(text) = call.opt_str("CidrBlock") else {
        let message =
            "The request must contain the parameter CidrBlock or AmazonProvidedIpv6CidrBlock";
        return Err(Fault::new("MissingParameter", message));
    };
    let net = cidr::v4(&text, "cidrBlock")?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Fault::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let wanted = net.to_string();
    let most = call.quota("cidrs-per-vpc");
    if vpc.blocks.len() >= most {
        return Err(too_many(&id, most));
    }
    if vpc.blocks.iter().any(|b| cidr::overlap(&b.cidr, &wanted)) {
        let message = format!("The CIDR '{wanted}' conflicts with another CIDR block of {id}");
        return Err(Fault::new("InvalidVpc.Conflict", message));
    }
    if is_restricted(&vpc.blocks, &wanted) {
        let message = format!(
            "The CIDR '{wanted}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR."
        );
        return Err(Fault::new("InvalidVpc.Range", message));
    }
    let block =
        Block { id: call.id("vpc-cidr-assoc"), cidr: wanted, state: "associating".to_owned() };
    if let Some(vpc) = ec2(call).vpcs.get_mut(&id) {
        vpc.blocks.push(block.clone());
    }
    later(call, &id, &block.id);
    Ok(json!({"VpcId": id, "CidrBlockAssociation": block_v4(&block)}))
}

fn too_many(id: &str, most: usize) -> Fault {
    let message =
        format!("This network '{id}' has met its maximum number of allowed CIDRs: {most}");
    Fault::new("CidrLimitExceeded", message)
}

// The private ranges do not mix, 198.19.0.0/16 and link-local are AWS's own, and 10.0.0.0/16 does not join 10.0.0.0/15.
fn is_restricted(blocks: &[Block], wanted: &str) -> bool {
    const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    if ["198.19.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "224.0.0.0/4"]
        .iter()
        .any(|r| cidr::overlap(r, wanted))
    {
        return true;
    }
    let primary = blocks.first().map(|b| b.cidr.as_str()).unwrap_or_default();
    let home = PRIVATE.iter().find(|r| cidr::within(primary, r));
    let fifteen = blocks.iter().any(|b| cidr::within(&b.cidr, "10.0.0.0/15"));
    PRIVATE.iter().any(|r| Some(r) != home && cidr::overlap(r, wanted))
        || (fifteen && cidr::within(wanted, "10.0.0.0/16"))
}

fn disassociate(call: &mut Call<'_>) -> Outcome {
    let association = call.str("AssociationId");
    let found = ec2(call).vpcs.iter().find_map(|(id, vpc)| {
        let holds = |blocks: &[Block]| blocks.iter().find(|b| b.id == association).cloned();
        let v4 = holds(&vpc.blocks).map(|b| (b, false));
        let (block, v6) = v4.or(holds(&vpc.ipv6_blocks).map(|b| (b, true)))?;
        Some((id.to_owned(), block, v6, vpc.blocks.first().is_some_and(|b| b.id == association)))
    });
    let Some((id, mut block, v6, primary)) = found else {
        return Err(kinds::missing("vpc-cidr-assoc", &association));
    };
    if primary {
        let message = format!(
            "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
        );
        return Err(Fault::new("OperationNotPermitted", message));
    }
    let used = ec2(call).subnets.values().any(|s| {
        s.vpc == id
            && (cidr::within(&s.cidr, &block.cidr)
                || s.ipv6_blocks.iter().any(|b| b.holds() && cidr::within(&b.cidr, &block.cidr)))
    });
    if used {
        let message = format!(
            "The vpc CIDR block with association ID {association} may not be disassociated while subnets use it"
        );
        return Err(Fault::new("InvalidCidrBlock.InUse", message));
    }
    if let Some(vpc) = ec2(call).vpcs.get_mut(&id) {
        let blocks = if v6 { &mut vpc.ipv6_blocks } else { &mut vpc.blocks };
        blocks
            .iter_mut()
            .filter(|b| b.id == association)
            .for_each(|b| b.state = "disassociating".to_owned());
    }
    block.state = "disassociating".to_owned();
    later(call, &id, &association);
    Ok(if v6 {
        json!({"VpcId": id, "Ipv6CidrBlockAssociation": block_v6(&block, &call.region)})
    } else {
        json!({"VpcId": id, "CidrBlockAssociation": block_v4(&block)})
    })
}
