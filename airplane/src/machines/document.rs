//! What metadata says of an instance: the items of `meta-data/`, and the identity document. Facts only, no sessions.
use crate::service::ec2::instance::{self, Instance};
use crate::service::ec2::zones::zone_id;
use crate::service::{autoscaling, ec2};
use crate::wire::scalar::iso;
use crate::world::scope::Scope;
use crate::world::timing;
use serde_json::json;
use std::collections::BTreeMap;

/// The items of `meta-data/`, by path; credentials aside.
pub(super) fn items(scope: &mut Scope<'_>, id: &str, i: &Instance) -> BTreeMap<String, String> {
    let region = scope.region.clone();
    let address = i.private_ip.clone().unwrap_or_default();
    let name = instance::private_name(&region, &address);
    let mut items = BTreeMap::new();
    let mut put = |path: &str, text: &str| items.insert(path.to_owned(), text.to_owned());
    put("ami-id", &i.image);
    put("ami-launch-index", &i.launch_index.to_string());
    put("ami-manifest-path", "(unknown)");
    put("hostname", &name);
    put("instance-action", "none");
    put("instance-id", id);
    put("instance-life-cycle", if i.spot { "spot" } else { "on-demand" });
    put("instance-type", &i.kind);
    put("local-hostname", &name);
    put("local-ipv4", &address);
    put("placement/availability-zone", &i.zone);
    put("placement/availability-zone-id", &zone_id(&i.zone));
    put("placement/region", &region);
    put("profile", "default-hvm");
    put("reservation-id", &i.reservation);
    put("services/domain", "amazonaws.com");
    put("services/partition", "aws");
    interfaces(scope, id, &name, &mut items);
    if i.metadata["InstanceMetadataTags"] == "enabled"
        && let Some(tags) = scope.realm().ec2.tags.get(id)
    {
        // EC2 lets nobody have tags with a slash here.
        let plain = tags.0.iter().filter(|(key, _)| !key.contains('/'));
        items.extend(plain.map(|(key, value)| (format!("tags/instance/{key}"), value.clone())));
    }
    if let Some(at) = ec2::spot::interrupted_at(scope.world, id) {
        let action = json!({"action": "terminate", "time": iso(at)}).to_string();
        items.insert("spot/instance-action".to_owned(), action);
        items.insert("spot/termination-time".to_owned(), iso(at));
        let noticed = json!({"noticeTime": iso(at - timing::SPOT_WARNING)}).to_string();
        items.insert("events/recommendations/rebalance".to_owned(), noticed);
    }
    if let Some(state) = autoscaling::target_lifecycle_state(scope, id) {
        items.insert("autoscaling/target-lifecycle-state".to_owned(), state.to_owned());
    }
    items
}

fn interfaces(scope: &mut Scope<'_>, id: &str, name: &str, items: &mut BTreeMap<String, String>) {
    let account = scope.account.clone();
    let ec2 = &scope.realm().ec2;
    for (eni, interface) in ec2.network_interfaces.iter() {
        let Some(held) =
            interface.attachment.as_ref().filter(|held| held.instance.as_deref() == Some(id))
        else {
            continue;
        };
        let groups = interface.groups.iter();
        let names: Vec<&str> =
            groups.filter_map(|id| Some(ec2.security_groups.get(id)?.name.as_str())).collect();
        if held.device_index == 0 {
            items.insert("mac".to_owned(), interface.mac.clone());
            items.insert("security-groups".to_owned(), names.join("\n"));
            if let Some(public) = &interface.public_ip {
                items.insert("public-ipv4".to_owned(), public.clone());
            }
        }
        let subnet = ec2.subnets.get(&interface.subnet).map(|subnet| subnet.cidr.clone());
        let vpc = ec2.vpcs.get(&interface.vpc).map(|vpc| vpc.cidr().to_owned());
        for (item, text) in [
            ("device-number", held.device_index.to_string()),
            ("interface-id", eni.to_owned()),
            ("local-hostname", name.to_owned()),
            ("local-ipv4s", interface.addresses.join("\n")),
            ("mac", interface.mac.clone()),
            ("owner-id", account.clone()),
            ("security-group-ids", interface.groups.join("\n")),
            ("security-groups", names.join("\n")),
            ("subnet-id", interface.subnet.clone()),
            ("subnet-ipv4-cidr-block", subnet.unwrap_or_default()),
            ("vpc-id", interface.vpc.clone()),
            ("vpc-ipv4-cidr-block", vpc.unwrap_or_default()),
        ] {
            items.insert(format!("network/interfaces/macs/{}/{item}", interface.mac), text);
        }
    }
}

/// `dynamic/instance-identity/document`
pub(super) fn identity(scope: &Scope<'_>, id: &str, i: &Instance) -> String {
    let document = json!({
        "accountId": scope.account, "architecture": i.architecture, "availabilityZone": i.zone,
        "billingProducts": null, "devpayProductCodes": null, "marketplaceProductCodes": null,
        "imageId": i.image, "instanceId": id, "instanceType": i.kind, "kernelId": null,
        "pendingTime": iso(i.launched), "privateIp": i.private_ip, "ramdiskId": null,
        "region": scope.region, "version": "2017-09-30",
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}
