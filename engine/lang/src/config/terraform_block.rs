//! `terraform` blocks: versions, required providers, backend.

use kprov_core::{ProviderAddr, Str, Value};

use super::backend::Backend;
use super::decoder::{BodySchema, Decoder};
use super::version::{LANGUAGE_VERSION, satisfies};
use super::{Module, ProviderRef, RequiredProvider, constant};
use crate::ast::{Attribute, Block, Expr, ExprKind, ObjectItem, ObjectKey};

const SCHEMA: BodySchema = BodySchema {
    attributes: &[("required_version", false), ("experiments", false), ("language", false)],
    blocks: &[
        ("backend", &["type"]),
        ("cloud", &[]),
        ("required_providers", &[]),
        ("provider_meta", &["provider"]),
    ],
};

impl Decoder<'_> {
    pub(super) fn terraform_block(&mut self, block: &Block, module: &mut Module) {
        let nested = self.check(&block.body, &SCHEMA);
        if let Some(attribute) = block.body.attribute("required_version") {
            self.required_version(attribute, module);
        }
        if let Some(attribute) = block.body.attribute("experiments") {
            self.experiments(&attribute.expr);
        }
        let mut seen: Vec<(&str, &[(Str, crate::Span)])> = Vec::new();
        for nested in nested {
            let once = matches!(&*nested.ty, "required_providers" | "provider_meta");
            let again = seen.iter().any(|(ty, labels)| {
                nested.ty == *ty
                    && labels.first().map(|it| &it.0) == nested.labels.first().map(|it| &it.0)
            });
            if once && again {
                self.error(
                    &format!("Duplicate {} block", nested.ty),
                    "A module may have only one such block. Merge them.",
                    nested.header,
                );
                continue;
            }
            seen.push((&nested.ty, &nested.labels));
            match &*nested.ty {
                "backend" | "cloud" => self.backend(nested, module),
                "required_providers" => self.required_providers(nested, module),
                _ => {}
            }
        }
    }

    fn required_version(&mut self, attribute: &Attribute, module: &mut Module) {
        let Some(value) = self.typed(attribute, &kprov_core::Type::String) else { return };
        let Some(text) = value.as_str() else { return };
        match satisfies(text, LANGUAGE_VERSION) {
            Ok(true) => {}
            Ok(false) => {
                let [major, minor, patch] = LANGUAGE_VERSION;
                self.error(
                    "Unsupported Terraform Core version",
                    format!(
                        "This configuration does not support the language of Terraform \
                         {major}.{minor}.{patch}, which kprov speaks: it asks for {text:?}. \
                         Change the version constraint or the configuration."
                    ),
                    attribute.span,
                );
            }
            Err(why) => self.error("Invalid version constraint", why, attribute.expr.span),
        }
        module.required_version.push((Str::new(text), attribute.expr.span));
    }

    fn experiments(&mut self, expr: &Expr) {
        for item in self.static_list(expr).unwrap_or_default() {
            match &item.kind {
                ExprKind::Reference(name) if name.steps.is_empty() => self.error(
                    "Unknown experiment keyword",
                    format!("There is no current experiment with the keyword \"{}\".", name.root),
                    item.span,
                ),
                _ => self.error(
                    "Invalid experiment keyword",
                    "Elements of \"experiments\" must all be keywords representing active \
                     experiments.",
                    item.span,
                ),
            }
        }
    }

    fn backend(&mut self, block: &Block, module: &mut Module) {
        let ty = block.labels.first().map_or_else(|| Str::new("cloud"), |(ty, _)| ty.clone());
        if let Some(first) = &module.backend
            && (first.ty == "cloud") != (ty == "cloud")
        {
            let at = if ty == "cloud" { first.span } else { block.header };
            self.error(
                "Both a backend and cloud configuration are present",
                "A module may have either one \"cloud\" block or one \"backend\" block, but not \
                 both.",
                at,
            );
            return;
        }
        if module.backend.is_some() {
            self.error(
                "Duplicate backend configuration",
                "A module may have only one backend or cloud configuration.",
                block.header,
            );
            return;
        }
        module.backend = Some(Backend { ty, span: block.header, body: block.body.clone() });
    }

    fn required_providers(&mut self, block: &Block, module: &mut Module) {
        for nested in &block.body.blocks {
            self.error(
                "Invalid required_providers object",
                "An entry of required_providers is an argument: NAME = { source = \"...\" }.",
                nested.ty_span,
            );
        }
        for attribute in &block.body.attributes {
            let Some(required) = self.required_provider(attribute) else { continue };
            let before = module.required_providers.insert(attribute.name.clone(), required);
            if before.is_some() {
                self.error(
                    "Duplicate required provider",
                    format!("The provider \"{}\" is already required.", attribute.name),
                    attribute.name_span,
                );
            }
        }
    }

    fn required_provider(&mut self, attribute: &Attribute) -> Option<RequiredProvider> {
        let name = &attribute.name;
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            self.error(
                "Invalid provider local name",
                format!(
                    "{name:?} is not a name for a provider: use lower case letters, digits \
                         and dashes."
                ),
                attribute.name_span,
            );
            return None;
        }
        let mut required = RequiredProvider {
            source: implied_source(name),
            version: None,
            aliases: Vec::new(),
            span: attribute.span,
        };
        match &attribute.expr.kind {
            ExprKind::Object(items) => {
                for item in items {
                    self.required_provider_item(item, &mut required);
                }
            }
            // The form of Terraform 0.12: a version alone.
            _ => required.version = self.constraint(&attribute.expr),
        }
        Some(required)
    }

    fn required_provider_item(&mut self, item: &ObjectItem, required: &mut RequiredProvider) {
        let key = match &item.key {
            ObjectKey::Name(name, _) => name.clone(),
            ObjectKey::Expr(expr) => match constant::literal(expr) {
                Some(Value::String(text)) => text.clone(),
                _ => Str::new(""),
            },
        };
        match &*key {
            "version" => required.version = self.constraint(&item.value),
            "source" => {
                let text = constant::literal(&item.value).and_then(Value::as_str);
                let parsed = text.map(str::parse::<ProviderAddr>);
                match parsed {
                    Some(Ok(source)) => required.source = source,
                    Some(Err(error)) => self.error(
                        "Invalid provider source string",
                        error.to_string(),
                        item.value.span,
                    ),
                    None => self.error(
                        "Invalid source",
                        "Source must be specified as a string.",
                        item.value.span,
                    ),
                }
            }
            "configuration_aliases" => {
                let items = self.static_list(&item.value).unwrap_or_default();
                let aliases: Vec<ProviderRef> =
                    items.iter().filter_map(|item| self.provider_ref(item)).collect();
                required.aliases = aliases;
            }
            _ => self.error(
                "Invalid required_providers object",
                "required_providers objects can only contain \"version\", \"source\" and \
                 \"configuration_aliases\" attributes. To configure a provider, use a \"provider\" \
                 block.",
                item.key.span(),
            ),
        }
    }

    fn constraint(&mut self, expr: &Expr) -> Option<Str> {
        let Some(Value::String(text)) = constant::literal(expr) else {
            self.error(
                "Invalid version constraint",
                "A version constraint is a constant string, such as \">= 1.0\".",
                expr.span,
            );
            return None;
        };
        if let Err(why) = satisfies(text, LANGUAGE_VERSION) {
            self.error("Invalid version constraint", why, expr.span);
        }
        Some(text.clone())
    }
}

/// What a local name stands for when nobody says.
pub(super) fn implied_source(name: &str) -> ProviderAddr {
    if name == "terraform" { ProviderAddr::builtin(name) } else { ProviderAddr::hashicorp(name) }
}
