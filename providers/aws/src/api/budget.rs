//! [`Budgets`]: a token bucket per service, region and class of operation, which adapts.
//!
//! The rate starts at what AWS documents (or is known to bear), drops by half when AWS throttles, and
//! grows back with each success. Waiting is in order of arrival.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::Api;
use super::error::is_read;

#[derive(Default)]
pub(super) struct Budgets(Mutex<HashMap<(String, String, bool), Bucket>>);

#[derive(Debug)]
struct Bucket {
    capacity: f64,
    full_rate: f64,
    rate: f64,
    tokens: f64,
    at: SystemTime,
}

/// Slowest that throttling makes us, in calls per second.
const FLOOR: f64 = 0.5;

impl Bucket {
    fn new(service: &str, read: bool, now: SystemTime) -> Bucket {
        let (capacity, rate) = limits(service, read);
        Bucket { capacity, full_rate: rate, rate, tokens: capacity, at: now }
    }

    /// Takes a token; how long to wait until it is there.
    fn take(&mut self, now: SystemTime) -> Duration {
        let passed = now.duration_since(self.at).unwrap_or_default().as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + passed * self.rate).min(self.capacity) - 1.0;
        Duration::from_secs_f64((-self.tokens / self.rate).max(0.0))
    }

    fn throttled(&mut self) {
        self.rate = (self.rate / 2.0).max(FLOOR);
        self.tokens = self.tokens.min(0.0);
    }

    fn earned(&mut self) {
        self.rate = (self.rate + self.full_rate / 20.0).min(self.full_rate);
    }
}

/// Capacity and calls per second.
fn limits(service: &str, read: bool) -> (f64, f64) {
    match (service, read) {
        ("ec2", true) => (100.0, 20.0),
        ("ec2", false) => (50.0, 5.0),
        ("route53", _) => (5.0, 5.0),
        ("s3", _) => (200.0, 100.0),
        ("iam" | "elbv2" | "autoscaling", true) => (40.0, 10.0),
        ("iam" | "elbv2" | "autoscaling", false) => (20.0, 5.0),
        (_, true) => (50.0, 20.0),
        (_, false) => (20.0, 10.0),
    }
}

impl Api {
    fn bucket<T>(&self, service: &str, operation: &str, work: impl FnOnce(&mut Bucket) -> T) -> T {
        let read = is_read(operation);
        let key = (service.to_owned(), self.region().to_owned(), read);
        let mut buckets = self.shared.budgets.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        work(buckets.entry(key).or_insert_with(|| Bucket::new(service, read, now)))
    }

    /// Waits for a token.
    pub(super) async fn spend(&self, service: &str, operation: &str) {
        let now = self.now();
        let wait = self.bucket(service, operation, |bucket| bucket.take(now));
        self.sleep(wait).await;
    }

    /// AWS throttles: slower from now on.
    pub(super) fn throttled(&self, service: &str, operation: &str) {
        self.bucket(service, operation, Bucket::throttled);
    }

    /// A call was answered: a little faster.
    pub(super) fn earned(&self, service: &str, operation: &str) {
        self.bucket(service, operation, Bucket::earned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_burst_is_free_and_then_calls_come_at_the_rate() {
        let mut bucket = Bucket::new("route53", true, START);
        let waits: Vec<f64> = (0..7).map(|_| bucket.take(START).as_secs_f64()).collect();
        assert_eq!(waits[..5], [0.0; 5]);
        assert!((waits[5] - 0.2).abs() < 1e-9 && (waits[6] - 0.4).abs() < 1e-9, "{waits:?}");
        assert_eq!(bucket.take(START + Duration::from_secs(10)), Duration::ZERO);
    }

    #[test]
    fn throttling_slows_to_a_floor_and_successes_bring_the_rate_back() {
        let mut bucket = Bucket::new("route53", true, START);
        (0..50).for_each(|_| bucket.throttled());
        assert_eq!(bucket.rate, FLOOR);
        assert!(bucket.take(START) >= Duration::from_secs(2));
        (0..50).for_each(|_| bucket.earned());
        assert_eq!(bucket.rate, bucket.full_rate);
    }
}
