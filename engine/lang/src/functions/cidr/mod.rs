//! Arithmetic of IP prefixes: `cidrhost`, `cidrnetmask`, `cidrsubnet`, `cidrsubnets`.
//!
//! Terraform checks numbers of hosts and subnets by their low 64 bits only, so that larger ones run
//! over into the prefix; existing configurations depend on what comes out, so it is the same here.

mod prefix;
#[cfg(test)]
mod tests;
mod whole;

use kprov_core::{Type, Value};

use super::items::whole;
use super::{Function, FunctionContext, FunctionError, Parameter};

use prefix::Prefix;
use whole::Whole;

pub(super) fn functions() -> Vec<Function> {
    let prefix = || Parameter::new("prefix", Type::String);
    let number = |name| Parameter::new(name, Type::Number);
    vec![
        Function::new(
            "cidrhost",
            "Gives the address of a host of a network, by number.",
            |_| Ok(Type::String),
            cidrhost,
        )
        .with(prefix())
        .with(number("hostnum")),
        Function::new(
            "cidrnetmask",
            "Gives the mask of an IPv4 network.",
            |_| Ok(Type::String),
            cidrnetmask,
        )
        .with(prefix()),
        Function::new(
            "cidrsubnet",
            "Gives a part of a network, by number.",
            |_| Ok(Type::String),
            cidrsubnet,
        )
        .with(prefix())
        .with(number("newbits"))
        .with(number("netnum")),
        Function::new(
            "cidrsubnets",
            "Divides a network into consecutive parts.",
            |_| Ok(Type::list(Type::String)),
            cidrsubnets,
        )
        .with(prefix())
        .with_rest(number("newbits")),
    ]
}

fn parse(value: &Value) -> Result<Prefix, String> {
    let text = value.as_str().unwrap_or_default();
    Prefix::parse(text)
        .ok_or_else(|| format!("invalid CIDR expression: invalid CIDR address: {text}"))
}

fn too_large() -> FunctionError {
    FunctionError::new("the number is too large: the result is not an address")
}

fn cidrhost(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let mut host = Whole::of(&arguments[1])?;
    let network = parse(&arguments[0]).map_err(FunctionError::new)?;
    let last = network.host_mask();
    let refuse = |number: String| {
        FunctionError::new(format!(
            "prefix of {} does not accommodate a host numbered {number}",
            network.length
        ))
    };
    if host.negative {
        // Counts back from the end: -1 is the last address.
        let back = host.magnitude.ok_or_else(|| refuse(host.text.clone()))? - 1;
        if back > last {
            return Err(refuse(format!("-{}", back - last)));
        }
        host = Whole::from(last - back);
    } else if i128::from(host.low.cast_signed()) > i128::try_from(last).unwrap_or(i128::MAX) {
        return Err(refuse(host.text));
    }
    let shift = if network.is_mapped() { network.bits - 32 } else { 0 };
    let address = network.insert(&host, shift).ok_or_else(too_large)?;
    Ok(Value::string(prefix::address_text(address, network.bits)))
}

fn cidrnetmask(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let network = parse(&arguments[0]).map_err(FunctionError::new)?;
    if network.bits == 128 && !network.is_mapped() {
        let text = arguments[0].as_str().unwrap_or_default();
        return Err(FunctionError::new(format!("IPv6 addresses cannot have a netmask: {text}")));
    }
    Ok(Value::string(prefix::address_text(network.mask(), network.bits)))
}

fn cidrsubnet(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let new_bits = whole(&arguments[1]).map_err(FunctionError::new)?;
    let number = Whole::of(&arguments[2])?;
    let network = parse(&arguments[0]).map_err(FunctionError::new)?;
    let length = i64::from(network.length).saturating_add(new_bits);
    if length > i64::from(network.bits) {
        return Err(FunctionError::new(format!(
            "insufficient address space to extend prefix of {} by {new_bits}",
            network.length
        )));
    }
    let most = match u32::try_from(new_bits) {
        Ok(bits) if bits < 64 => (1_u64 << bits) - 1,
        _ => u64::MAX,
    };
    if number.low > most {
        return Err(FunctionError::new(format!(
            "prefix extension of {new_bits} does not accommodate a subnet numbered {}",
            number.text
        )));
    }
    let Ok(length) = u32::try_from(length) else {
        // A prefix shorter than nothing: this is what Terraform answers.
        return Ok(Value::string("<nil>"));
    };
    let address = network.insert(&number, network.bits - length).ok_or_else(too_large)?;
    Ok(Value::string(Prefix { address, length, bits: network.bits }.to_string()))
}

fn cidrsubnets(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let network = parse(&arguments[0]).map_err(|why| FunctionError::argument(0, why))?;
    let mut parts: Vec<Value> = Vec::new();
    let mut previous: Option<Prefix> = None;
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        let fault = |message: String| FunctionError::argument(index, message);
        let new_bits = whole(argument).map_err(|why| fault(why.to_owned()))?;
        if new_bits < 1 {
            return Err(fault("must extend prefix by at least one bit".to_owned()));
        }
        let Some(new_bits) = u32::try_from(new_bits).ok().filter(|bits| *bits <= 32) else {
            return Err(fault("may not extend prefix by more than 32 bits".to_owned()));
        };
        let length = network.length + new_bits;
        if length > network.bits {
            let family = if network.bits == 32 { "IPv4" } else { "IPv6" };
            return Err(fault(format!(
                "would extend prefix to {length} bits, which is too long for an {family} address"
            )));
        }
        // The first part lies behind the last one before the network.
        let behind = previous.unwrap_or_else(|| network.before(length));
        let next = behind.next(length).filter(|next| network.contains(next.address));
        let Some(next) = next else {
            return Err(fault(format!(
                "not enough remaining address space for a subnet with a prefix of {length} bits \
                 after {behind}"
            )));
        };
        parts.push(Value::string(next.to_string()));
        previous = Some(next);
    }
    Ok(Value::list(Type::String, parts))
}
