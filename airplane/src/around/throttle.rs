//! Token buckets per account, region and kind of API, on the world's clock.
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::world::Millis;
use std::collections::HashMap;

/// How strictly calls are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Throttling {
    /// Never throttles. The default of a stepped clock, which does not move on between calls.
    Off,
    /// Twenty times what AWS allows.
    Generous,
    /// AWS's own numbers.
    Aws,
}

impl std::str::FromStr for Throttling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Throttling::Off),
            "generous" => Ok(Throttling::Generous),
            "aws" => Ok(Throttling::Aws),
            _ => Err(format!("throttling is \"off\", \"generous\" or \"aws\", not \"{text}\"")),
        }
    }
}

/// Buckets by key: what is left, and when that was counted.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    left: HashMap<String, (f64, Millis)>,
}

// AWS's capacity and refill per second, by service and kind of action.
fn rate(service: ServiceId, action: &str) -> (&'static str, f64, f64) {
    let reads = ["Describe", "List", "Get", "Head"].iter().any(|p| action.starts_with(p));
    match (service, action, reads) {
        (ServiceId::Ec2, "RunInstances", _) => ("RunInstances", 5.0, 2.0),
        (ServiceId::Ec2, "TerminateInstances", _) => ("TerminateInstances", 100.0, 5.0),
        (ServiceId::Ec2, "DescribeLaunchTemplateVersions", _) => {
            ("DescribeLaunchTemplateVersions", 50.0, 10.0)
        }
        (ServiceId::Ec2, _, true) => ("reads", 100.0, 20.0),
        (ServiceId::Ec2, _, false) => ("writes", 50.0, 5.0),
        (ServiceId::Route53, ..) => ("all", 5.0, 5.0),
        (ServiceId::Elbv2, _, true) => ("reads", 40.0, 10.0),
        (ServiceId::Elbv2, _, false) => ("writes", 20.0, 3.0),
        (ServiceId::Autoscaling, ..) => ("all", 50.0, 10.0),
        (ServiceId::Iam, _, true) => ("reads", 50.0, 20.0),
        (ServiceId::Iam, _, false) => ("writes", 20.0, 10.0),
        (ServiceId::S3, ..) => ("all", 5500.0, 3500.0),
        (ServiceId::Sqs, ..) => ("all", 3000.0, 3000.0),
        _ => ("all", 100.0, 50.0),
    }
}

/// The throttling error of a service.
pub(crate) fn fault(service: ServiceId) -> Fault {
    let message = "Rate exceeded";
    match service {
        ServiceId::Ec2 => Fault::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        ServiceId::S3 => Fault::new("SlowDown", "Please reduce your request rate.").status(503),
        service if service.is_json() => Fault::new("ThrottlingException", message),
        _ => Fault::new("Throttling", message),
    }
}

impl Buckets {
    /// Counts a call, or refuses it.
    pub(crate) fn take(
        &mut self,
        mode: Throttling,
        place: &str,
        service: ServiceId,
        action: &str,
        now: Millis,
    ) -> Result<(), Fault> {
        let factor = match mode {
            Throttling::Off => return Ok(()),
            Throttling::Generous => 20.0,
            Throttling::Aws => 1.0,
        };
        let (kind, capacity, refill) = rate(service, action);
        let (capacity, refill) = (capacity * factor, refill * factor);
        let bucket = self
            .left
            .entry(format!("{place}/{}/{kind}", service.name()))
            .or_insert((capacity, now));
        let passed = (now - bucket.1).max(0) as f64 / 1000.0;
        *bucket = ((bucket.0 + passed * refill).min(capacity), now);
        if bucket.0 < 1.0 {
            return Err(fault(service));
        }
        bucket.0 -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_refills_with_time_and_is_its_accounts_own() {
        let mut buckets = Buckets::default();
        let mut take = |place: &str, now| {
            buckets.take(Throttling::Aws, place, ServiceId::Route53, "ListHostedZones", now)
        };
        for _ in 0..5 {
            take("a/us-east-1", 0).unwrap();
        }
        assert_eq!(take("a/us-east-1", 0).unwrap_err().code, "Throttling");
        assert!(take("b/us-east-1", 0).is_ok());
        assert!(take("a/us-east-1", 200).is_ok());
        assert!(take("a/us-east-1", 200).is_err());
    }
}
