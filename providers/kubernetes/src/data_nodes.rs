//! Schemas of what services and nodes look like to data sources: lists of objects, as there.

use kprov_core::Type;

fn object(attributes: &[(&str, Type)]) -> Type {
    Type::list(Type::object(attributes.iter().map(|(name, ty)| (*name, ty.clone()))))
}

fn texts(names: &[&'static str]) -> Vec<(&'static str, Type)> {
    names.iter().map(|name| (*name, Type::String)).collect()
}

/// `nodes`
pub(crate) fn nodes() -> Type {
    let labels = Type::map(Type::String);
    let metadata = object(&[
        ("annotations", labels.clone()),
        ("labels", labels.clone()),
        ("generation", Type::Number),
        ("name", Type::String),
        ("resource_version", Type::String),
        ("uid", Type::String),
    ]);
    let spec = object(&[
        ("pod_cidr", Type::String),
        ("pod_cidrs", Type::list(Type::String)),
        ("provider_id", Type::String),
        ("taints", object(&texts(&["key", "value", "effect"]))),
        ("unschedulable", Type::Bool),
    ]);
    let status = object(&[
        ("addresses", object(&texts(&["type", "address"]))),
        ("allocatable", labels.clone()),
        ("capacity", labels),
        (
            "conditions",
            object(&texts(&[
                "type",
                "status",
                "last_heartbeat_time",
                "last_transition_time",
                "reason",
                "message",
            ])),
        ),
        (
            "node_info",
            object(&texts(&[
                "architecture",
                "boot_id",
                "container_runtime_version",
                "kernel_version",
                "kube_proxy_version",
                "kubelet_version",
                "machine_id",
                "operating_system",
                "os_image",
                "system_uuid",
            ])),
        ),
    ]);
    object(&[("metadata", metadata), ("spec", spec), ("status", status)])
}

/// `spec` of a service.
pub(crate) fn service_spec() -> Type {
    let list = Type::list(Type::String);
    let port = object(&[
        ("app_protocol", Type::String),
        ("name", Type::String),
        ("node_port", Type::Number),
        ("port", Type::Number),
        ("protocol", Type::String),
        ("target_port", Type::String),
    ]);
    object(&[
        ("allocate_load_balancer_node_ports", Type::Bool),
        ("cluster_ip", Type::String),
        ("cluster_ips", list.clone()),
        ("external_ips", list.clone()),
        ("external_name", Type::String),
        ("external_traffic_policy", Type::String),
        ("health_check_node_port", Type::Number),
        ("internal_traffic_policy", Type::String),
        ("ip_families", list.clone()),
        ("ip_family_policy", Type::String),
        ("load_balancer_class", Type::String),
        ("load_balancer_ip", Type::String),
        ("load_balancer_source_ranges", list),
        ("port", port),
        ("publish_not_ready_addresses", Type::Bool),
        ("selector", Type::map(Type::String)),
        ("session_affinity", Type::String),
        (
            "session_affinity_config",
            object(&[("client_ip", object(&[("timeout_seconds", Type::Number)]))]),
        ),
        ("type", Type::String),
    ])
}

/// `status` of a service.
pub(crate) fn service_status() -> Type {
    object(&[("load_balancer", object(&[("ingress", object(&texts(&["hostname", "ip"])))]))])
}
