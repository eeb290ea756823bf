//! A bucket of airplane's, for nodes that are processes of their own and for the test itself.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use kprov_airplane::{Airplane, ClockKind, Config, server};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";

/// It flies as long as it is held.
pub(crate) struct Cloud {
    runtime: tokio::runtime::Runtime,
    server: server::Server,
    client: Client,
    bucket: String,
}

impl Cloud {
    pub(crate) fn new(bucket: &str) -> Cloud {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (server, client) = runtime.block_on(async {
            let clock = "scaled:20".parse::<ClockKind>().expect("a clock");
            let config = Config { seed: 1, clock, visibility_millis: 0, ..Config::default() };
            let airplane = Arc::new(Airplane::new(config).expect("an airplane"));
            let address = "127.0.0.1:0".parse().expect("an address");
            let server = server::start(airplane, address).await.expect("it flies");
            let http =
                Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
            let aws = aws_config::defaults(BehaviorVersion::latest())
                .http_client(http)
                .endpoint_url(format!("http://{}", server.address()))
                .region(Region::new(REGION))
                .credentials_provider(Credentials::new(ACCOUNT, "secret", None, None, "test"))
                .load()
                .await;
            let settings = aws_sdk_s3::config::Builder::from(&aws).force_path_style(true).build();
            let client = Client::from_conf(settings);
            let place = CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(REGION))
                .build();
            let create = client.create_bucket().bucket(bucket).create_bucket_configuration(place);
            create.send().await.expect("a bucket");
            (server, client)
        });
        Cloud { runtime, server, client, bucket: bucket.to_owned() }
    }

    /// How a program finds it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let url = format!("http://{}", self.server.address());
        let pairs = [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ACCOUNT),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// Keys below a prefix, in their order.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).send();
        let listed = self.runtime.block_on(list).expect("a list");
        listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    /// Puts a copy of an object there with one byte of its middle changed.
    pub(crate) fn damage(&self, key: &str, copy: &str) {
        self.runtime.block_on(async {
            let got = self.client.get_object().bucket(&self.bucket).key(key).send().await;
            let mut bytes =
                got.expect("an object").body.collect().await.expect("an object").to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            let put = self.client.put_object().bucket(&self.bucket).key(copy).body(bytes.into());
            put.send().await.expect("a copy");
        });
    }

    /// The bucket goes, with all that is in it.
    pub(crate) fn delete_bucket(&self) {
        for _ in 0..100 {
            for key in self.keys("") {
                let gone = self.client.delete_object().bucket(&self.bucket).key(key).send();
                self.runtime.block_on(gone).expect("it is deleted");
            }
            // A snapshot may come in between.
            if self
                .runtime
                .block_on(self.client.delete_bucket().bucket(&self.bucket).send())
                .is_ok()
            {
                return;
            }
        }
        panic!("the bucket is never empty");
    }
}
