//! Metrics that policies go by: target tracking and predictive scaling.

use aws_sdk_autoscaling::types::*;
use serde_json::{Value as Json, json};

use crate::fields::Fields;

/// `target_tracking_configuration`
pub(super) fn target_tracking(planned: Fields<'_>) -> Option<TargetTrackingConfiguration> {
    let block = planned.block("target_tracking_configuration")?;
    let predefined = block.block("predefined_metric_specification").map(|metric| {
        let kind = metric.str("predefined_metric_type").unwrap_or_default();
        PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::from(kind))
            .set_resource_label(metric.string("resource_label"))
            .build()
    });
    Some(
        TargetTrackingConfiguration::builder()
            .set_predefined_metric_specification(predefined)
            .set_customized_metric_specification(
                block.block("customized_metric_specification").map(customized),
            )
            .target_value(block.f64("target_value").unwrap_or_default())
            .set_disable_scale_in(block.bool("disable_scale_in"))
            .build(),
    )
}

fn customized(block: Fields<'_>) -> CustomizedMetricSpecification {
    let queries: Vec<_> = block.blocks("metrics").map(query).collect();
    CustomizedMetricSpecification::builder()
        .set_metric_name(block.string("metric_name"))
        .set_namespace(block.string("namespace"))
        .set_statistic(block.str("statistic").map(MetricStatistic::from))
        .set_unit(block.string("unit"))
        .set_period(block.i32("period").filter(|period| *period != 0))
        .set_dimensions(dimensions(block, "metric_dimension"))
        .set_metrics(Some(queries).filter(|queries| !queries.is_empty()))
        .build()
}

fn dimensions(block: Fields<'_>, name: &str) -> Option<Vec<MetricDimension>> {
    let one = |dimension: Fields<'_>| {
        MetricDimension::builder()
            .name(dimension.str("name").unwrap_or_default())
            .value(dimension.str("value").unwrap_or_default())
            .build()
    };
    let all: Vec<_> = block.blocks(name).map(one).collect();
    Some(all).filter(|all| !all.is_empty())
}

fn query(block: Fields<'_>) -> TargetTrackingMetricDataQuery {
    let stat = block.block("metric_stat").map(|stat| {
        let metric = stat.block("metric").map(|metric| {
            Metric::builder()
                .metric_name(metric.str("metric_name").unwrap_or_default())
                .namespace(metric.str("namespace").unwrap_or_default())
                .set_dimensions(dimensions(metric, "dimensions"))
                .build()
        });
        TargetTrackingMetricStat::builder()
            .set_metric(metric)
            .stat(stat.str("stat").unwrap_or_default())
            .set_unit(stat.string("unit"))
            .set_period(stat.i32("period").filter(|period| *period != 0))
            .build()
    });
    TargetTrackingMetricDataQuery::builder()
        .id(block.str("id").unwrap_or_default())
        .set_expression(block.string("expression"))
        .set_label(block.string("label"))
        .set_return_data(block.bool("return_data"))
        .set_metric_stat(stat)
        .build()
}

/// `predictive_scaling_configuration`
pub(super) fn predictive(planned: Fields<'_>) -> Option<PredictiveScalingConfiguration> {
    let block = planned.block("predictive_scaling_configuration")?;
    let metric = block.block("metric_specification")?;
    let kind = |name: &str| {
        metric.block(name).map(|it| {
            (it.str("predefined_metric_type").unwrap_or_default(), it.string("resource_label"))
        })
    };
    let pair = kind("predefined_metric_pair_specification").map(|(kind, label)| {
        PredictiveScalingPredefinedMetricPair::builder()
            .predefined_metric_type(PredefinedMetricPairType::from(kind))
            .set_resource_label(label)
            .build()
    });
    let load = kind("predefined_load_metric_specification").map(|(kind, label)| {
        PredictiveScalingPredefinedLoadMetric::builder()
            .predefined_metric_type(PredefinedLoadMetricType::from(kind))
            .set_resource_label(label)
            .build()
    });
    let scaling = kind("predefined_scaling_metric_specification").map(|(kind, label)| {
        PredictiveScalingPredefinedScalingMetric::builder()
            .predefined_metric_type(PredefinedScalingMetricType::from(kind))
            .set_resource_label(label)
            .build()
    });
    let specification = PredictiveScalingMetricSpecification::builder()
        .target_value(metric.f64("target_value").unwrap_or_default())
        .set_predefined_metric_pair_specification(pair)
        .set_predefined_load_metric_specification(load)
        .set_predefined_scaling_metric_specification(scaling)
        .build();
    let number = |name: &str| block.str(name).and_then(|text| text.parse::<i32>().ok());
    let breach = block.str("max_capacity_breach_behavior");
    Some(
        PredictiveScalingConfiguration::builder()
            .metric_specifications(specification)
            .set_mode(block.str("mode").map(PredictiveScalingMode::from))
            .set_scheduling_buffer_time(number("scheduling_buffer_time"))
            .set_max_capacity_breach_behavior(
                breach.map(PredictiveScalingMaxCapacityBreachBehavior::from),
            )
            .set_max_capacity_buffer(number("max_capacity_buffer"))
            .build(),
    )
}

/// `target_tracking_configuration` as it is.
pub(super) fn shown(it: &TargetTrackingConfiguration) -> Json {
    let predefined = it.predefined_metric_specification().map(|it| {
        json!({
            "predefined_metric_type": it.predefined_metric_type().map(|kind| kind.as_str()),
            "resource_label": it.resource_label(),
        })
    });
    let customized = it.customized_metric_specification().map(|it| {
        let queries: Vec<Json> = it.metrics().iter().map(shown_query).collect();
        json!({
            "metric_name": it.metric_name(),
            "namespace": it.namespace(),
            "statistic": it.statistic().map(|it| it.as_str()),
            "unit": it.unit(),
            "period": it.period(),
            "metric_dimension": shown_dimensions(it.dimensions()),
            "metrics": queries,
        })
    });
    json!({
        "target_value": it.target_value(),
        "disable_scale_in": it.disable_scale_in().unwrap_or(false),
        "predefined_metric_specification": Vec::from_iter(predefined),
        "customized_metric_specification": Vec::from_iter(customized),
    })
}

fn shown_dimensions(dimensions: &[MetricDimension]) -> Vec<Json> {
    dimensions.iter().map(|it| json!({"name": it.name(), "value": it.value()})).collect()
}

fn shown_query(it: &TargetTrackingMetricDataQuery) -> Json {
    let stat = it.metric_stat().map(|stat| {
        let metric = stat.metric().map(|metric| {
            json!({
                "metric_name": metric.metric_name(),
                "namespace": metric.namespace(),
                "dimensions": shown_dimensions(metric.dimensions()),
            })
        });
        json!({
            "stat": stat.stat(),
            "unit": stat.unit(),
            "period": stat.period(),
            "metric": Vec::from_iter(metric),
        })
    });
    json!({
        "id": it.id(),
        "expression": it.expression(),
        "label": it.label(),
        "return_data": it.return_data().unwrap_or(true),
        "metric_stat": Vec::from_iter(stat),
    })
}

/// `predictive_scaling_configuration` as it is.
pub(super) fn shown_predictive(it: &PredictiveScalingConfiguration) -> Json {
    let metric = it.metric_specifications().first().map(|metric| {
        let block = |kind: Option<&str>, label: Option<&str>| {
            Vec::from_iter(
                kind.map(|kind| json!({"predefined_metric_type": kind, "resource_label": label})),
            )
        };
        let pair = metric.predefined_metric_pair_specification();
        let load = metric.predefined_load_metric_specification();
        let scaling = metric.predefined_scaling_metric_specification();
        json!({
            "target_value": metric.target_value(),
            "predefined_metric_pair_specification": block(
                pair.and_then(|it| it.predefined_metric_type()).map(|it| it.as_str()),
                pair.and_then(|it| it.resource_label()),
            ),
            "predefined_load_metric_specification": block(
                load.and_then(|it| it.predefined_metric_type()).map(|it| it.as_str()),
                load.and_then(|it| it.resource_label()),
            ),
            "predefined_scaling_metric_specification": block(
                scaling.and_then(|it| it.predefined_metric_type()).map(|it| it.as_str()),
                scaling.and_then(|it| it.resource_label()),
            ),
            "customized_capacity_metric_specification": [],
            "customized_load_metric_specification": [],
            "customized_scaling_metric_specification": [],
        })
    });
    json!({
        "mode": it.mode().map(|it| it.as_str()),
        "scheduling_buffer_time": it.scheduling_buffer_time().map(|it| it.to_string()),
        "max_capacity_breach_behavior": it.max_capacity_breach_behavior().map(|it| it.as_str()),
        "max_capacity_buffer": it.max_capacity_buffer().map(|it| it.to_string()),
        "metric_specification": Vec::from_iter(metric),
    })
}
