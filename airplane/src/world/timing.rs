//! How long AWS takes, in milliseconds: the usual durations, all in one place.
use crate::world::Millis;

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;

/// Default upper bound until describes see a new object.
pub(crate) const VISIBILITY: Millis = 2 * SECOND;
/// How long an idempotency token is remembered.
pub(crate) const TOKEN_LIFE: Millis = 24 * 60 * MINUTE;
/// NAT gateway: pending to available.
pub(crate) const NAT_CREATE: Millis = 100 * SECOND;
/// NAT gateway: deleting to deleted.
pub(crate) const NAT_DELETE: Millis = 45 * SECOND;
/// How long describes still show a deleted NAT gateway or terminated instance.
pub(crate) const GHOST: Millis = 60 * MINUTE;
/// Instance: pending to running.
pub(crate) const INSTANCE_START: Millis = 15 * SECOND;
/// Instance: running until its status checks pass.
pub(crate) const INSTANCE_CHECKS: Millis = 90 * SECOND;
/// Instance: shutting-down to terminated.
pub(crate) const INSTANCE_TERMINATE: Millis = 35 * SECOND;
/// Instance: stopping to stopped.
pub(crate) const INSTANCE_STOP: Millis = 30 * SECOND;
/// Spot Instance: from the interruption warning to the end.
pub(crate) const SPOT_WARNING: Millis = 120 * SECOND;
/// Volume: creating to available.
pub(crate) const VOLUME_CREATE: Millis = 5 * SECOND;
/// Volume: attaching to attached, and back.
pub(crate) const VOLUME_ATTACH: Millis = 5 * SECOND;
/// Volume: modifying to optimizing, when the new size is there.
pub(crate) const VOLUME_MODIFY: Millis = 10 * SECOND;
/// Volume: optimizing to completed.
pub(crate) const VOLUME_OPTIMIZE: Millis = 60 * SECOND;
/// Snapshot: pending to completed.
pub(crate) const SNAPSHOT_CREATE: Millis = 30 * SECOND;
/// Interface endpoint: pending to available.
pub(crate) const ENDPOINT_CREATE: Millis = 60 * SECOND;
/// Endpoint: deleting to gone.
pub(crate) const ENDPOINT_DELETE: Millis = 45 * SECOND;
/// Peering: provisioning to active, and deleting to deleted.
pub(crate) const PEERING: Millis = 5 * SECOND;
/// Further CIDR block of a VPC or subnet: associating to associated.
pub(crate) const CIDR_ASSOCIATE: Millis = 3 * SECOND;
/// Network load balancer: provisioning to active.
pub(crate) const NLB_CREATE: Millis = 150 * SECOND;
/// Load balancer: until its network interfaces are gone after deletion.
pub(crate) const NLB_DELETE: Millis = 60 * SECOND;
/// Target: shortest time in `initial` after registration.
pub(crate) const TARGET_INITIAL: Millis = 30 * SECOND;
/// IAM: until other services see a new role, profile or policy.
pub(crate) const IAM_PROPAGATION: Millis = 8 * SECOND;
/// Route 53: PENDING to INSYNC.
pub(crate) const DNS_SYNC: Millis = 30 * SECOND;
/// Auto Scaling: how often a group looks after itself.
pub(crate) const ASG_TICK: Millis = 5 * SECOND;
/// SQS: until a queue can be purged again.
pub(crate) const QUEUE_PURGE: Millis = 60 * SECOND;
/// SQS: how long a FIFO queue takes no second message with the same deduplication id.
pub(crate) const QUEUE_DEDUPLICATION: Millis = 5 * MINUTE;
/// SQS: until a name can be used again after deletion.
pub(crate) const QUEUE_QUARANTINE: Millis = 60 * SECOND;
