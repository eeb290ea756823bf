//! One SDK client per service and region, made when first needed.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::Api;

type Made = HashMap<(&'static str, String), Box<dyn Any + Send>>;

#[derive(Default)]
pub(super) struct Clients(Mutex<Made>);

impl Api {
    /// The configuration of a service's client in this region.
    fn sdk(&self, service: &str) -> SdkConfig {
        let settings = &self.shared.settings;
        let mut builder = settings.sdk.to_builder().region(Region::new(self.region().to_owned()));
        let endpoints = &settings.endpoints;
        if let Some(url) = endpoints.get(service).or_else(|| endpoints.get("")) {
            builder = builder.endpoint_url(url);
        }
        builder.build()
    }

    fn client<C: Clone + Send + 'static>(
        &self,
        service: &'static str,
        make: impl FnOnce(&SdkConfig) -> C,
    ) -> C {
        let mut made = self.shared.clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        let client = made
            .entry((service, self.region().to_owned()))
            .or_insert_with(|| Box::new(make(&self.sdk(service))));
        client.downcast_ref::<C>().expect("invariant: one client type per service name").clone()
    }

    /// S3 in this region.
    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        self.client("s3", |sdk| {
            // Bodies are whole and TLS guards them; a checksum would turn them into streams.
            let config = aws_sdk_s3::config::Builder::from(sdk)
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .force_path_style(self.shared.settings.s3_path_style)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }
}

macro_rules! clients {
    ($($method:ident $crate_name:ident $doc:literal;)*) => {
        impl Api {
            $(
                #[doc = $doc]
                pub(crate) fn $method(&self) -> $crate_name::Client {
                    self.client(stringify!($method), $crate_name::Client::new)
                }
            )*
        }
    };
}

clients! {
    autoscaling aws_sdk_autoscaling "Auto Scaling in this region.";
    ec2 aws_sdk_ec2 "EC2 in this region.";
    ecr aws_sdk_ecr "ECR in this region.";
    elbv2 aws_sdk_elasticloadbalancingv2 "Load balancers in this region.";
    events aws_sdk_eventbridge "EventBridge in this region.";
    iam aws_sdk_iam "IAM.";
    kms aws_sdk_kms "KMS in this region.";
    route53 aws_sdk_route53 "Route 53.";
    sqs aws_sdk_sqs "SQS in this region.";
    ssm aws_sdk_ssm "SSM in this region.";
    sts aws_sdk_sts "STS in this region.";
}
