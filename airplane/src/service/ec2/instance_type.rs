//! Instance types: what their names say. A size has so many processors; memory follows the family.
use super::filters::Filters;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("DescribeInstanceTypes", describe), ("DescribeInstanceTypeOfferings", offerings)];

/// Types that a list shows; every name of the form can be launched.
const LISTED: &[&str] = &[
    "t2.micro",
    "t3.nano",
    "t3.micro",
    "t3.small",
    "t3.medium",
    "t3.large",
    "t3.xlarge",
    "t3a.medium",
    "t4g.small",
    "t4g.medium",
    "m5.large",
    "m5.xlarge",
    "m5.2xlarge",
    "m6i.large",
    "m6i.xlarge",
    "m6g.large",
    "m7i.large",
    "c5.large",
    "c5.xlarge",
    "c6i.large",
    "c6g.large",
    "r5.large",
    "r6i.large",
    "i3.large",
];

/// Processors of a type; nothing for what is no type.
pub(crate) fn processors(name: &str) -> Option<u64> {
    let (family, size) = name.split_once('.')?;
    let starts = family.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    let good = family.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !starts || !good || !family.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let burst = family.starts_with('t');
    match size {
        "nano" | "micro" | "small" => Some(if burst { 2 } else { 1 }),
        "medium" => Some(if burst { 2 } else { 1 }),
        "large" => Some(2),
        "xlarge" => Some(4),
        "metal" => Some(96),
        _ if size.starts_with("metal-") => Some(96),
        _ => size.strip_suffix("xlarge")?.parse::<u64>().ok().filter(|n| *n > 1).map(|n| n * 4),
    }
}

/// Is it an Arm type?
pub(crate) fn architecture(name: &str) -> &'static str {
    let family = name.split('.').next().unwrap_or_default();
    let after = family.trim_start_matches(|c: char| c.is_ascii_lowercase());
    if family == "a1" || after.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('g') {
        "arm64"
    } else {
        "x86_64"
    }
}

/// The error for what is no type.
pub(crate) fn check(name: &str) -> Result<u64, Fault> {
    processors(name).ok_or_else(|| {
        Fault::new("InvalidParameterValue", format!("Invalid value '{name}' for InstanceType."))
    })
}

fn memory(name: &str, processors: u64) -> u64 {
    match (name.chars().next(), name.split('.').nth(1)) {
        (Some('t'), Some("nano")) => 512,
        (Some('t'), Some("micro")) => 1024,
        (Some('t'), Some("small")) => 2048,
        (Some('c'), _) => processors * 2048,
        (Some('r' | 'x'), _) => processors * 8192,
        _ => {
            processors * 4096
                / if name.starts_with('t') && name.ends_with("medium") { 2 } else { 1 }
        }
    }
}

fn info(name: &str) -> Value {
    let processors = processors(name).unwrap_or(2);
    json!({
        "InstanceType": name,
        "CurrentGeneration": !name.starts_with("t2."),
        "FreeTierEligible": name == "t2.micro" || name == "t3.micro",
        "SupportedUsageClasses": ["on-demand", "spot"],
        "SupportedRootDeviceTypes": ["ebs"],
        "SupportedVirtualizationTypes": ["hvm"],
        "BareMetal": name.contains("metal"),
        "Hypervisor": "nitro",
        "ProcessorInfo": {"SupportedArchitectures": [architecture(name)]},
        "VCpuInfo": {"DefaultVCpus": processors, "DefaultCores": processors.div_ceil(2), "DefaultThreadsPerCore": 2},
        "MemoryInfo": {"SizeInMiB": memory(name, processors)},
        "InstanceStorageSupported": name.starts_with('i'),
        "EbsInfo": {"EbsOptimizedSupport": "default", "EncryptionSupport": "supported", "NvmeSupport": "required"},
        "NetworkInfo": {
            "MaximumNetworkInterfaces": 3, "Ipv4AddressesPerInterface": 10, "Ipv6AddressesPerInterface": 10,
            "Ipv6Supported": true, "EnaSupport": "required",
        },
        "BurstablePerformanceSupported": name.starts_with('t'),
        "HibernationSupported": false,
        "DedicatedHostsSupported": !name.starts_with('t'),
        "AutoRecoverySupported": true,
        "SupportedBootModes": ["legacy-bios", "uefi"],
    })
}

const FILTERS: &[(&str, &str)] = &[
    ("instance-type", "InstanceType"),
    ("current-generation", "CurrentGeneration"),
    ("free-tier-eligible", "FreeTierEligible"),
    ("bare-metal", "BareMetal"),
    ("hypervisor", "Hypervisor"),
    ("processor-info.supported-architecture", "ProcessorInfo.SupportedArchitectures"),
    ("vcpu-info.default-vcpus", "VCpuInfo.DefaultVCpus"),
    ("memory-info.size-in-mib", "MemoryInfo.SizeInMiB"),
    ("burstable-performance-supported", "BurstablePerformanceSupported"),
    ("supported-usage-class", "SupportedUsageClasses"),
];

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    let wanted = call.strings("InstanceTypes");
    for name in &wanted {
        if processors(name).is_none() {
            let message = format!("The following supplied instance types do not exist: [{name}]");
            return Err(Fault::new("InvalidInstanceType", message));
        }
    }
    let names: Vec<&str> = match wanted.is_empty() {
        true => LISTED.to_vec(),
        false => wanted.iter().map(String::as_str).collect(),
    };
    let types: Vec<Value> =
        names.into_iter().map(info).filter(|t| filters.pass(FILTERS, t)).collect();
    Ok(json!({"InstanceTypes": types}))
}

fn offerings(call: &mut Call<'_>) -> Outcome {
    const KNOWN: &[(&str, &str)] = &[("instance-type", "InstanceType"), ("location", "Location")];
    let filters = Filters::of(call, KNOWN)?;
    let by_zone = call.opt_str("LocationType").as_deref() == Some("availability-zone");
    let places = if by_zone { call.zones() } else { vec![call.region.clone()] };
    let kind = if by_zone { "availability-zone" } else { "region" };
    let mut found = Vec::new();
    for name in LISTED {
        for place in &places {
            let offer = json!({"InstanceType": name, "LocationType": kind, "Location": place});
            if filters.pass(KNOWN, &offer) {
                found.push(offer);
            }
        }
    }
    Ok(json!({"InstanceTypeOfferings": found}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_type_has() {
        assert_eq!(processors("t3.medium"), Some(2));
        assert_eq!(processors("m5.4xlarge"), Some(16));
        assert_eq!(processors("m5.1xlarge"), None);
        assert_eq!(processors("nonsense"), None);
        assert_eq!(processors("medium.t3"), None);
        assert_eq!(architecture("m6g.large"), "arm64");
        assert_eq!(architecture("g4dn.xlarge"), "x86_64");
        assert_eq!(architecture("t4g.small"), "arm64");
    }
}
