//! Kubernetes' version skew policy: what goes with what, and in which order.

use crate::Version;

/// API servers of one cluster are within one minor.
#[must_use]
pub fn api_servers_go_together(one: Version, other: Version) -> bool {
    one.release().abs_diff(other.release()) <= 1
}

/// A kubelet is at most three minors older than an API server.
#[must_use]
pub fn kubelet_is_near(kubelet: Version, api: Version) -> bool {
    kubelet.release() + 3 >= api.release()
}

/// What runs, or is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// API servers; of masters that are not rotated too.
    pub apis: Vec<Version>,
    /// Kubelets.
    pub kubelets: Vec<Version>,
}

/// What a plan wants of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Masters' API servers.
    pub api: Option<Version>,
    /// Masters' kubelets.
    pub kubelet_of_masters: Option<Version>,
    /// Workers' kubelets, the oldest and the newest.
    pub kubelets: Option<(Version, Version)>,
}

/// Whether a plan that goes from `now` to `wanted`, masters before workers, keeps the policy at every moment. The
/// error says what is wrong and which order works.
///
/// # Errors
/// What the policy forbids, for people.
pub fn check(now: &Versions, wanted: &Wanted) -> Result<(), String> {
    let oldest = now.apis.iter().min().copied();
    let newest = now.apis.iter().max().copied();
    if let (Some(to), Some(from)) = (wanted.api, newest) {
        if to.release() < from.release() {
            return Err(format!(
                "The API servers are {from}, and an API server never goes back a minor: what it has stored cannot be \
                 read by {to}. Restore a snapshot of before into a new cluster, or stay at {}.{}.",
                from.major, from.minor
            ));
        }
        let first = oldest.unwrap_or(from);
        if to.release() > first.release() + 1 {
            return Err(format!(
                "The API servers are {first}, and they go one minor at a time. {}",
                steps(first, to)
            ));
        }
    }
    let api = wanted.api.or(newest);
    let Some(api) = api else { return Ok(()) };
    if let Some(kubelet) =
        wanted.kubelet_of_masters.filter(|kubelet| kubelet.release() > api.release())
    {
        return Err(format!(
            "The masters' kubelets would be {kubelet}, newer than their API servers, {api}."
        ));
    }
    if let Some(old) = now.kubelets.iter().min().filter(|old| !kubelet_is_near(**old, api)) {
        return Err(format!(
            "Kubelets are {old}, more than three minors older than {api}. Rotate the workers to {}.{} first, then the \
             masters.",
            api.major,
            oldest.unwrap_or(api).minor
        ));
    }
    let Some((low, high)) = wanted.kubelets else { return Ok(()) };
    if high.release() > api.release() {
        return Err(format!(
            "Workers' kubelets would be {high}, newer than the API servers, {api}. Rotate the masters to {}.{} first, \
             then the workers.",
            high.major, high.minor
        ));
    }
    if !kubelet_is_near(low, api) {
        return Err(format!(
            "Workers' kubelets would be {low}, more than three minors older than the API servers, {api}. Say at least \
             {}.{}.",
            api.major,
            api.minor.saturating_sub(3)
        ));
    }
    Ok(())
}

/// `Apply 1.34, then 1.35, then 1.36, ..`
fn steps(from: Version, to: Version) -> String {
    let minors: Vec<String> =
        (from.minor + 1..=to.minor).take(20).map(|minor| format!("{}.{minor}", to.major)).collect();
    format!("Apply {}, each with its workers at most three minors behind.", minors.join(", then "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minor: u32) -> Versions {
        Versions { apis: vec![Version::minor(minor)], kubelets: vec![Version::minor(minor)] }
    }

    fn to(api: Option<u32>, kubelets: Option<u32>) -> Wanted {
        let kubelets = kubelets.map(|minor| (Version::minor(minor), Version::minor(minor)));
        Wanted {
            api: api.map(Version::minor),
            kubelet_of_masters: api.map(Version::minor),
            kubelets,
        }
    }

    #[test]
    fn one_minor_at_a_time_and_the_order_is_said() {
        assert_eq!(check(&at(33), &to(Some(34), Some(34))), Ok(()));
        let error = check(&at(33), &to(Some(36), None)).unwrap_err();
        assert!(error.contains("Apply 1.34, then 1.35, then 1.36"), "{error}");
        assert!(check(&at(33), &to(Some(32), None)).is_err());
        assert!(check(&at(33), &to(None, Some(34))).unwrap_err().contains("Rotate the masters"));
        assert!(check(&at(33), &to(None, Some(29))).is_err());
        assert_eq!(check(&at(33), &to(None, Some(30))), Ok(()));
        let mut old = at(33);
        old.kubelets.push(Version::minor(30));
        assert!(check(&old, &to(Some(34), Some(34))).unwrap_err().contains("Rotate the workers"));
    }
}
