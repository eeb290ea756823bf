//! `instance_requirements` of launch templates and of Auto Scaling groups: the same block, in the
//! types of two SDKs.

/// Makes `fn $expand(block) -> $module::$Requirements` and `fn $shown(&..) -> Json`, in the types of one SDK.
macro_rules! requirements {
    ($module:path, $Sent:ident, $Found:ident, $CpuS:ident, $MemS:ident, { $($range:ident $name:literal $RangeS:ident $number:ident),* $(,)? }) => {
        /// As the API takes it.
        pub(crate) fn expand(block: $crate::fields::Fields<'_>) -> $Sent {
            use $module as t;
            let words = |name: &str| block.some_strings(name);
            macro_rules! enums {
                ($attribute:literal, $Word:ident) => {
                    words($attribute)
                        .map(|words| words.iter().map(|it| t::$Word::from(it.as_str())).collect())
                };
            }
            let mut it = t::$Sent::builder()
                .set_cpu_manufacturers(enums!("cpu_manufacturers", CpuManufacturer))
                .set_instance_generations(enums!("instance_generations", InstanceGeneration))
                .set_local_storage_types(enums!("local_storage_types", LocalStorageType))
                .set_accelerator_types(enums!("accelerator_types", AcceleratorType))
                .set_accelerator_manufacturers(enums!(
                    "accelerator_manufacturers",
                    AcceleratorManufacturer
                ))
                .set_accelerator_names(enums!("accelerator_names", AcceleratorName))
                .set_allowed_instance_types(words("allowed_instance_types"))
                .set_excluded_instance_types(words("excluded_instance_types"))
                .set_bare_metal(block.str("bare_metal").map(t::BareMetal::from))
                .set_burstable_performance(
                    block.str("burstable_performance").map(t::BurstablePerformance::from),
                )
                .set_local_storage(block.str("local_storage").map(t::LocalStorage::from))
                .set_require_hibernate_support(block.bool("require_hibernate_support"))
                .set_spot_max_price_percentage_over_lowest_price(
                    block.i32("spot_max_price_percentage_over_lowest_price"),
                )
                .set_on_demand_max_price_percentage_over_lowest_price(
                    block.i32("on_demand_max_price_percentage_over_lowest_price"),
                )
                .set_max_spot_price_as_percentage_of_optimal_on_demand_price(
                    block.i32("max_spot_price_as_percentage_of_optimal_on_demand_price"),
                );
            if let Some(range) = block.block("vcpu_count") {
                let built = t::$CpuS::builder().set_min(range.i32("min")).set_max(range.i32("max"));
                it = it.v_cpu_count(built.build());
            }
            if let Some(range) = block.block("memory_mib") {
                let built = t::$MemS::builder().set_min(range.i32("min")).set_max(range.i32("max"));
                it = it.memory_mib(built.build());
            }
            $(
                if let Some(range) = block.block($name) {
                    let built = t::$RangeS::builder()
                        .set_min(range.$number("min"))
                        .set_max(range.$number("max"));
                    it = it.$range(built.build());
                }
            )*
            it.build()
        }

        /// As the block is.
        pub(crate) fn shown(it: &$Found) -> serde_json::Value {
            use serde_json::json;
            macro_rules! words {
                ($words:expr) => {
                    $words.iter().map(|word| word.as_str()).collect::<Vec<_>>()
                };
            }
            let mut all = json!({
                "cpu_manufacturers": words!(it.cpu_manufacturers()),
                "instance_generations": words!(it.instance_generations()),
                "local_storage_types": words!(it.local_storage_types()),
                "accelerator_types": words!(it.accelerator_types()),
                "accelerator_manufacturers": words!(it.accelerator_manufacturers()),
                "accelerator_names": words!(it.accelerator_names()),
                "allowed_instance_types": it.allowed_instance_types(),
                "excluded_instance_types": it.excluded_instance_types(),
                "bare_metal": it.bare_metal().map(|word| word.as_str()),
                "burstable_performance": it.burstable_performance().map(|word| word.as_str()),
                "local_storage": it.local_storage().map(|word| word.as_str()),
                "require_hibernate_support": it.require_hibernate_support(),
                "spot_max_price_percentage_over_lowest_price":
                    it.spot_max_price_percentage_over_lowest_price(),
                "on_demand_max_price_percentage_over_lowest_price":
                    it.on_demand_max_price_percentage_over_lowest_price(),
                "max_spot_price_as_percentage_of_optimal_on_demand_price":
                    it.max_spot_price_as_percentage_of_optimal_on_demand_price(),
            });
            if let Some(range) = it.v_cpu_count() {
                all["vcpu_count"] = json!([{"min": range.min(), "max": range.max()}]);
            }
            if let Some(range) = it.memory_mib() {
                all["memory_mib"] = json!([{"min": range.min(), "max": range.max()}]);
            }
            $(
                if let Some(range) = it.$range() {
                    all[$name] = json!([{"min": range.min(), "max": range.max()}]);
                }
            )*
            // A range that is not there is no block.
            for name in ["vcpu_count", "memory_mib", $($name),*] {
                if all.get(name).is_none() {
                    all[name] = json!([]);
                }
            }
            all
        }
    };
}

/// Of launch templates.
pub(crate) mod ec2 {
    use aws_sdk_ec2::types::{InstanceRequirements, InstanceRequirementsRequest};

    requirements! {
        aws_sdk_ec2::types,
        InstanceRequirementsRequest, InstanceRequirements, VCpuCountRangeRequest, MemoryMiBRequest,
        {
            memory_gib_per_v_cpu "memory_gib_per_vcpu" MemoryGiBPerVCpuRequest f64,
            network_interface_count "network_interface_count" NetworkInterfaceCountRequest i32,
            total_local_storage_gb "total_local_storage_gb" TotalLocalStorageGbRequest f64,
            baseline_ebs_bandwidth_mbps "baseline_ebs_bandwidth_mbps"
                BaselineEbsBandwidthMbpsRequest i32,
            accelerator_count "accelerator_count" AcceleratorCountRequest i32,
            accelerator_total_memory_mib "accelerator_total_memory_mib"
                AcceleratorTotalMemoryMiBRequest i32,
            network_bandwidth_gbps "network_bandwidth_gbps" NetworkBandwidthGbpsRequest f64,
        }
    }
}

/// Of overrides of a mixed instances policy.
pub(crate) mod autoscaling {
    use aws_sdk_autoscaling::types::InstanceRequirements;

    requirements! {
        aws_sdk_autoscaling::types,
        InstanceRequirements, InstanceRequirements, VCpuCountRequest, MemoryMiBRequest,
        {
            memory_gib_per_v_cpu "memory_gib_per_vcpu" MemoryGiBPerVCpuRequest f64,
            network_interface_count "network_interface_count" NetworkInterfaceCountRequest i32,
            total_local_storage_gb "total_local_storage_gb" TotalLocalStorageGbRequest f64,
            baseline_ebs_bandwidth_mbps "baseline_ebs_bandwidth_mbps"
                BaselineEbsBandwidthMbpsRequest i32,
            accelerator_count "accelerator_count" AcceleratorCountRequest i32,
            accelerator_total_memory_mib "accelerator_total_memory_mib"
                AcceleratorTotalMemoryMiBRequest i32,
            network_bandwidth_gbps "network_bandwidth_gbps" NetworkBandwidthGbpsRequest f64,
        }
    }
}
