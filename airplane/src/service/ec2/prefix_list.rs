//! AWS's own prefix lists: the addresses of S3 and DynamoDB, to which gateway endpoints route.
use super::kinds;
use crate::around::call::Call;
use crate::wire::fault::Fault;

/// The services with a prefix list: short name, blocks.
pub(crate) const LISTS: [(&str, &[&str]); 2] = [
    ("s3", &["16.15.192.0/18", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
    ("dynamodb", &["3.218.180.0/22", "35.71.68.0/22", "52.94.0.0/22"]),
];

/// The id of a service's list in a region: the same for everyone there.
pub(crate) fn id(region: &str, short: &str) -> String {
    // FNV-1a, so that regions differ and restarts do not.
    let hash = format!("{region}/{short}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("pl-{:08x}", hash & 0xffff_ffff)
}

/// The id of the list of a service by its full name, `com.amazonaws.REGION.s3`.
pub(crate) fn id_of_service(region: &str, service: &str) -> String {
    id(region, service.rsplit('.').next().unwrap_or_default())
}

/// Refuses the id of a list that is not there.
pub(crate) fn check(call: &Call<'_>, list: &str) -> Result<(), Fault> {
    match LISTS.iter().any(|(short, _)| id(&call.region, short) == list) {
        true => Ok(()),
        false => Err(kinds::missing("pl", list)),
    }
}
