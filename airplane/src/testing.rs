//! Test support: a client that calls actions by JSON in process, as boto3 would by the wire, and steps the clock.
use crate::airplane::{Airplane, Config};
use crate::around::Incoming;
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::signature;
use crate::world::clock::ClockKind;
use serde_json::{Value, json};

/// A client of an airplane of its own, in one account and region. New objects are visible at once unless told.
pub(crate) struct Client {
    pub(crate) airplane: std::sync::Arc<Airplane>,
    access_key: String,
    region: String,
}

impl Client {
    /// A client of a new, empty airplane.
    pub(crate) fn new() -> Self {
        Client::with(Config { visibility_millis: 0, ..Config::default() })
    }

    /// A client of a new airplane with this configuration; the clock is stepped.
    pub(crate) fn with(config: Config) -> Self {
        let config = Config { clock: ClockKind::Stepped, ..config };
        let airplane = std::sync::Arc::new(Airplane::new(config).unwrap());
        Client { airplane, access_key: "111111111111".to_owned(), region: "us-east-1".to_owned() }
    }

    /// Another client of the same airplane.
    pub(crate) fn other(&self, account: &str, region: &str) -> Self {
        let (airplane, access_key) = (self.airplane.clone(), account.to_owned());
        Client { airplane, access_key, region: region.to_owned() }
    }

    /// Calls an action.
    pub(crate) fn call(&self, service: &str, action: &str, input: Value) -> Result<Value, Fault> {
        let id = ServiceId::ALL.into_iter().find(|s| s.name() == service).unwrap();
        let scope = signature::Scope {
            access_key: Some(self.access_key.clone()),
            region: Some(self.region.clone()),
            service: Some(id),
        };
        let Value::Object(input) = input else { panic!("an input is an object") };
        let incoming = Incoming {
            service: id,
            action: action.to_owned(),
            input: Ok(input),
            scope,
            host: "localhost".to_owned(),
            request_id: String::new(),
        };
        self.airplane.run(incoming).result
    }

    /// Calls an action of EC2 that must succeed.
    pub(crate) fn ec2(&self, action: &str, input: Value) -> Value {
        self.call("ec2", action, input).unwrap_or_else(|f| panic!("{action}: {f:?}"))
    }

    /// The error code of an action of EC2 that must fail.
    pub(crate) fn refused(&self, action: &str, input: Value) -> String {
        self.fault(action, input).code
    }

    /// The error of an action of EC2 that must fail.
    pub(crate) fn fault(&self, action: &str, input: Value) -> Fault {
        match self.call("ec2", action, input) {
            Err(fault) => fault,
            Ok(output) => panic!("{action} succeeded: {output}"),
        }
    }

    /// Makes a VPC and gives its id.
    pub(crate) fn vpc(&self, cidr: &str) -> String {
        text(&self.ec2("CreateVpc", json!({"CidrBlock": cidr}))["Vpc"]["VpcId"])
    }

    /// Makes a subnet and gives its id.
    pub(crate) fn subnet(&self, vpc: &str, cidr: &str) -> String {
        let input = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": "us-east-1a"});
        text(&self.ec2("CreateSubnet", input)["Subnet"]["SubnetId"])
    }

    /// Steps the clock.
    pub(crate) fn step(&self, millis: i64) {
        self.airplane.advance(millis);
    }
}

/// The text of a value that must be one.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A filter.
pub(crate) fn filter(name: &str, value: &str) -> Value {
    json!([{"Name": name, "Values": [value]}])
}
