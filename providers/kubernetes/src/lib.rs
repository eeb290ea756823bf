//! Provider `kubernetes`: objects of a cluster by server-side apply (kube-rs).
