//! [`Version`]: a version of Kubernetes, as far as the skew policy looks at it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `major.minor.patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// 1, so far.
    pub major: u32,
    /// What the skew policy counts in.
    pub minor: u32,
    /// Any patch goes with any other of its minor.
    pub patch: u32,
}

impl Version {
    /// `1.minor.0`.
    #[must_use]
    pub fn minor(minor: u32) -> Version {
        Version { major: 1, minor, patch: 0 }
    }

    /// One number that orders minors across majors.
    #[must_use]
    pub fn release(self) -> u64 {
        u64::from(self.major) * 1_000_000 + u64::from(self.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = String;

    /// `1.36.3`, `v1.36.3`, `v1.36.3-eks-1234`, `1.36`.
    fn from_str(text: &str) -> Result<Version, String> {
        let wrong = || format!("{text:?} is not a version of Kubernetes, which look like 1.36.3");
        let core = text.trim_start_matches('v');
        let core = core.split(['-', '+']).next().unwrap_or_default();
        let mut numbers = core.split('.').map(|part| part.parse::<u32>().map_err(|_| wrong()));
        let major = numbers.next().ok_or_else(wrong)??;
        let minor = numbers.next().ok_or_else(wrong)??;
        let patch = numbers.next().unwrap_or(Ok(0))?;
        if numbers.next().is_some() {
            return Err(wrong());
        }
        Ok(Version { major, minor, patch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_kubernetes_writes_them() {
        let version = |text: &str| text.parse::<Version>().map(|v| v.to_string());
        assert_eq!(version("v1.36.3"), Ok("1.36.3".into()));
        assert_eq!(version("1.36"), Ok("1.36.0".into()));
        assert_eq!(version("v1.33.1-eks-5e0fdde"), Ok("1.33.1".into()));
        assert!(version("latest").is_err());
        assert!(version("1.2.3.4").is_err());
        assert!(version("").is_err());
    }
}
