//! Images. Public ones are made up from their owners' naming, so that look-ups by filter find something on a laptop;
//! an id of the right form that nobody made counts as a public image, because configurations name such ids.
use super::filters::{Filters, View, view};
use super::{ec2, kinds, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeImages", describe),
    ("CreateImage", create),
    ("RegisterImage", register),
    ("DeregisterImage", deregister),
];

/// An image that somebody in this account made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    name: String,
    description: Option<String>,
    architecture: String,
    root_device: String,
    created: i64,
}

/// Owner, alias, name, architecture, root device, description.
type Public =
    (&'static str, Option<&'static str>, &'static str, &'static str, &'static str, &'static str);

const AMAZON: &str = "137112412989";
const CANONICAL: &str = "099720109477";
const DEBIAN: &str = "136693071363";
const FLATCAR: &str = "075585003325";

#[rustfmt::skip]
const PUBLIC: &[Public] = &[
    (AMAZON, Some("amazon"), "al2023-ami-2023.6.20250115.0-kernel-6.1-x86_64", "x86_64", "/dev/xvda", "Amazon Linux 2023 AMI"),
    (AMAZON, Some("amazon"), "al2023-ami-2023.6.20250115.0-kernel-6.1-arm64", "arm64", "/dev/xvda", "Amazon Linux 2023 AMI"),
    (AMAZON, Some("amazon"), "al2023-ami-minimal-2023.6.20250115.0-kernel-6.1-x86_64", "x86_64", "/dev/xvda", "Amazon Linux 2023 AMI, minimal"),
    (AMAZON, Some("amazon"), "amzn2-ami-hvm-2.0.20250116.0-x86_64-gp2", "x86_64", "/dev/xvda", "Amazon Linux 2 AMI"),
    (AMAZON, Some("amazon"), "amzn2-ami-hvm-2.0.20250116.0-arm64-gp2", "arm64", "/dev/xvda", "Amazon Linux 2 AMI"),
    (CANONICAL, None, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250115", "x86_64", "/dev/sda1", "Canonical, Ubuntu, 24.04, amd64 noble image"),
    (CANONICAL, None, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250115", "arm64", "/dev/sda1", "Canonical, Ubuntu, 24.04, arm64 noble image"),
    (CANONICAL, None, "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20250112", "x86_64", "/dev/sda1", "Canonical, Ubuntu, 22.04 LTS, amd64 jammy image"),
    (CANONICAL, None, "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20250112", "arm64", "/dev/sda1", "Canonical, Ubuntu, 22.04 LTS, arm64 jammy image"),
    (CANONICAL, None, "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20250111", "x86_64", "/dev/sda1", "Canonical, Ubuntu, 20.04 LTS, amd64 focal image"),
    (DEBIAN, None, "debian-12-amd64-20250115-1993", "x86_64", "/dev/xvda", "Debian 12 (20250115-1993)"),
    (DEBIAN, None, "debian-12-arm64-20250115-1993", "arm64", "/dev/xvda", "Debian 12 (20250115-1993)"),
    (FLATCAR, None, "Flatcar-stable-4081.2.1-hvm", "x86_64", "/dev/xvda", "Flatcar Container Linux stable 4081.2.1 (HVM)"),
    (FLATCAR, None, "Flatcar-stable-4081.2.1-arm64-hvm", "arm64", "/dev/xvda", "Flatcar Container Linux stable 4081.2.1 (HVM)"),
];

/// The same name is the same image in one region, and another one in another.
fn public_id(region: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{region}/{name}"));
    format!("ami-0{}", digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn answer(
    id: &str,
    owner: &str,
    parts: (&str, &str, &str, &str),
    created: i64,
    public: bool,
) -> Value {
    let (name, architecture, root, description) = parts;
    json!({
        "ImageId": id, "Name": name, "Description": description, "Architecture": architecture, "OwnerId": owner,
        "ImageLocation": format!("{owner}/{name}"), "ImageType": "machine", "Public": public, "State": "available",
        "CreationDate": crate::wire::scalar::iso(created), "RootDeviceName": root, "RootDeviceType": "ebs",
        "VirtualizationType": "hvm", "Hypervisor": "xen", "EnaSupport": true, "SriovNetSupport": "simple",
        "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances", "BootMode": "uefi-preferred",
        "BlockDeviceMappings": [{
            "DeviceName": root,
            "Ebs": {"DeleteOnTermination": true, "Encrypted": false, "SnapshotId": snapshot(id), "VolumeSize": 8, "VolumeType": "gp3"},
        }],
    })
}

fn snapshot(id: &str) -> String {
    format!("snap-{}", id.trim_start_matches("ami-"))
}

/// 2025-01-15T00:00:00Z, when all public images were made.
const MADE: i64 = 1_736_899_200_000;

fn public(region: &str) -> Vec<Value> {
    PUBLIC
        .iter()
        .map(|(owner, alias, name, architecture, root, description)| {
            let id = public_id(region, name);
            let mut image = answer(&id, owner, (name, architecture, root, description), MADE, true);
            if let Some(alias) = alias {
                image["ImageOwnerAlias"] = json!(alias);
            }
            image
        })
        .collect()
}

fn own(view: &View<'_>, id: &str, image: &Image) -> Value {
    let description = image.description.as_deref().unwrap_or_default();
    let parts =
        (image.name.as_str(), image.architecture.as_str(), image.root_device.as_str(), description);
    let mut answer = answer(id, &view.account, parts, image.created, false);
    answer["Tags"] = tags::of(view, id);
    answer
}

/// The image of an id, as DescribeImages shows it.
pub(crate) fn find(scope: &mut Scope<'_>, id: &str) -> Result<Value, Fault> {
    let view = view(scope);
    if let Some(image) = view.ec2.images.get(id) {
        return Ok(own(&view, id, image));
    }
    if let Some(image) = public(&view.region).into_iter().find(|image| image["ImageId"] == id) {
        return Ok(image);
    }
    let kind = kinds::named("ami");
    let zeros = id.trim_start_matches("ami-").bytes().all(|byte| byte == b'0');
    if !kind.fits(id) || zeros {
        return Err(kind.missing(id));
    }
    let name = format!("public-image-{id}");
    Ok(answer(
        id,
        AMAZON,
        (&name, "x86_64", "/dev/xvda", "An image that airplane knows by its id only"),
        MADE,
        true,
    ))
}

const FILTERS: &[(&str, &str)] = &[
    ("image-id", "ImageId"),
    ("name", "Name"),
    ("description", "Description"),
    ("architecture", "Architecture"),
    ("owner-id", "OwnerId"),
    ("owner-alias", "ImageOwnerAlias"),
    ("state", "State"),
    ("root-device-type", "RootDeviceType"),
    ("root-device-name", "RootDeviceName"),
    ("virtualization-type", "VirtualizationType"),
    ("hypervisor", "Hypervisor"),
    ("image-type", "ImageType"),
    ("is-public", "Public"),
    ("ena-support", "EnaSupport"),
    ("boot-mode", "BootMode"),
    ("creation-date", "CreationDate"),
    ("block-device-mapping.volume-type", "BlockDeviceMappings.Ebs.VolumeType"),
];

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    let (ids, owners) = (call.strings("ImageIds"), call.strings("Owners"));
    let mut images = Vec::new();
    if ids.is_empty() {
        let view = view(&mut call.scope);
        images.extend(view.ec2.images.seen(view.now).map(|(id, image)| own(&view, id, image)));
        images.extend(public(&view.region));
    } else {
        for id in &ids {
            images.push(find(call, id)?);
        }
    }
    let account = call.account.clone();
    let owned = |image: &Value| {
        owners.is_empty()
            || owners.iter().any(|owner| match owner.as_str() {
                "self" => image["OwnerId"] == *account,
                other => image["OwnerId"] == *other || image["ImageOwnerAlias"] == *other,
            })
    };
    images.retain(|image| owned(image) && filters.pass(FILTERS, image));
    Ok(json!({"Images": images}))
}

fn put(call: &mut Call<'_>, image: Image) -> Outcome {
    let tags = tags::specified(call, "image")?;
    if ec2(call).images.values().any(|known| known.name == image.name) {
        let message = format!("AMI name {} is already in use", image.name);
        return Err(Fault::new("InvalidAMIName.Duplicate", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("ami"));
    ec2(call).images.insert(&id, image, now, visible);
    tags::put(call, &id, tags);
    Ok(json!({"ImageId": id}))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let id = call.str("InstanceId");
    if !ec2(call).instances.contains(&id) {
        return Err(kinds::missing("i", &id));
    }
    let image = Image {
        name: call.str("Name"),
        description: call.opt_str("Description"),
        architecture: "x86_64".to_owned(),
        root_device: "/dev/xvda".to_owned(),
        created: call.now(),
    };
    put(call, image)
}

fn register(call: &mut Call<'_>) -> Outcome {
    let image = Image {
        name: call.str("Name"),
        description: call.opt_str("Description"),
        architecture: call.opt_str("Architecture").unwrap_or_else(|| "x86_64".to_owned()),
        root_device: call.opt_str("RootDeviceName").unwrap_or_else(|| "/dev/xvda".to_owned()),
        created: call.now(),
    };
    put(call, image)
}

fn deregister(call: &mut Call<'_>) -> Outcome {
    let id = call.str("ImageId");
    if ec2(call).images.remove(&id).is_none() {
        return Err(kinds::missing("ami", &id));
    }
    tags::forget(call, &id);
    Ok(json!({}))
}
