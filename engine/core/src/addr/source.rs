//! Provider source addresses from text, as `required_providers` and state files write them:
//! `aws`, `hashicorp/aws`, `registry.terraform.io/hashicorp/aws`.

use std::str::FromStr;

use super::{ParseAddrError, ProviderAddr};
use crate::Str;

/// The registry that a source without host means.
const DEFAULT_HOST: &str = "registry.terraform.io";

/// Namespace that states written by Terraform 0.13 gave providers known by name only.
const LEGACY_NAMESPACE: &str = "-";

impl FromStr for ProviderAddr {
    type Err = ParseAddrError;

    fn from_str(text: &str) -> Result<ProviderAddr, ParseAddrError> {
        let parts: Vec<&str> = text.split('/').collect();
        let (host, namespace, name) = match parts.as_slice() {
            [name] => (DEFAULT_HOST, "hashicorp", *name),
            [namespace, name] => (DEFAULT_HOST, *namespace, *name),
            [host, namespace, name] => (*host, *namespace, *name),
            _ => return Err(invalid(text, "it must have the form [HOST/][NAMESPACE/]NAME")),
        };
        let host = parse_host(host).map_err(|why| invalid(text, &why))?;
        let namespace = match namespace {
            LEGACY_NAMESPACE if host == DEFAULT_HOST => "hashicorp".into(),
            given => parse_part("namespace", given).map_err(|why| invalid(text, &why))?,
        };
        let name = parse_part("name", name).map_err(|why| invalid(text, &why))?;
        if let Some(rest) = name.strip_prefix("terraform-") {
            let better = rest.strip_prefix("provider-").unwrap_or(rest);
            let why = format!(
                "names of providers do not begin with \"terraform-\", though their repositories \
                 often do; did you mean \"{namespace}/{better}\"?"
            );
            return Err(invalid(text, &why));
        }
        Ok(ProviderAddr { host, namespace, name })
    }
}

fn invalid(text: &str, why: &str) -> ParseAddrError {
    let end = if why.ends_with('?') { "" } else { "." };
    ParseAddrError { message: format!("{text:?} is not a valid provider source: {why}{end}") }
}

/// Letters, digits, dashes and underscores; upper case means lower case.
fn parse_part(what: &str, text: &str) -> Result<Str, String> {
    let inner = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let edge = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    if text.is_empty() {
        return Err(format!("the {what} is empty"));
    }
    if text.chars().count() > 64 {
        return Err(format!("the {what} is longer than 64 characters"));
    }
    if !text.chars().all(inner) || !edge(text.chars().next()) || !edge(text.chars().next_back()) {
        return Err(format!(
            "the {what} {text:?} may hold only letters, digits, dashes and underscores, and must \
             begin and end with a letter or digit"
        ));
    }
    Ok(Str::from(text.to_lowercase()))
}

/// A host name with an optional port.
fn parse_host(text: &str) -> Result<Str, String> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let label_fits = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if !name.split('.').all(label_fits) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("{text:?} is not a host name"));
    }
    Ok(Str::from(text.to_lowercase()))
}
