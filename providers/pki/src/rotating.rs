//! [`Rotating`]: a resource type with one kind of key that has generations.

use kprov_core::{Host, Value};
use kprov_provider::{
    AttributeError, CertificateChange, PlanRequest, PlannedCertificate, PlannedObject,
    ProviderError, StateOnly, with_attributes,
};

use crate::fields;
use crate::generations::{self, Steps};
use crate::material::{Material, Ring};

/// What such a type has to say.
pub(crate) trait Kind: Send + Sync + std::fmt::Debug {
    /// What a generation is made of.
    const PARTS: &'static [&'static str];

    /// Checks what is not the rotation's.
    fn validate(&self, config: &Value) -> Vec<AttributeError>;

    /// Makes a generation.
    fn make(
        &self,
        host: &dyn Host,
        object: &Value,
        number: i64,
    ) -> Result<Vec<(&'static str, String)>, ProviderError>;

    /// Names of the results.
    fn results(&self) -> &'static [&'static str];

    /// The results of what there is; unknown where parts are still to be made.
    fn show(
        &self,
        object: &Value,
        ring: &Ring<'_>,
        material: &Material,
    ) -> Vec<(&'static str, Value)>;

    /// The certificates of its generations before and after a change, for people.
    fn certificates(
        &self,
        _change: &CertificateChange<'_>,
        _before: Option<(Ring<'_>, &Material)>,
        _after: Option<(Ring<'_>, &Material)>,
    ) -> Vec<PlannedCertificate> {
        Vec::new()
    }
}

/// A type of that kind.
#[derive(Debug)]
pub(crate) struct Rotating<K>(pub(crate) K);

impl<K: Kind> Rotating<K> {
    fn ring(steps: Steps) -> Ring<'static> {
        Ring { name: "", parts: K::PARTS, steps }
    }

    fn shown(&self, object: &Value, ring: &Ring<'_>, material: &Material) -> Value {
        let own = [
            ("primary", Value::int(ring.steps.primary)),
            ("rotation", Value::string(ring.steps.describe())),
        ];
        let results = self.0.show(object, ring, material).into_iter().chain(own);
        with_attributes(object, results.chain(material.values(&[*ring])))
    }

    fn carry_out(
        &self,
        host: &dyn Host,
        prior: Option<&Value>,
        planned: &Value,
    ) -> Result<Value, ProviderError> {
        // What was not known when it was planned.
        fields::refuse(self.0.validate(planned))?;
        let steps = Steps::of(planned).unwrap_or(Steps::FIRST);
        generations::planned(steps, prior.and_then(Steps::of), None)?;
        let ring = Self::ring(steps);
        let material = prior.map(Material::of).unwrap_or_default().kept(&[ring]);
        let make = |_: &Ring<'_>, number| self.0.make(host, planned, number);
        let material = material.complete(&[ring], make)?;
        Ok(self.shown(planned, &ring, &material))
    }
}

fn borrowed<'h>(held: &'h Option<(Ring<'static>, Material)>) -> Option<(Ring<'h>, &'h Material)> {
    held.as_ref().map(|(ring, material)| (*ring, material))
}

impl<K: Kind> StateOnly for Rotating<K> {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = generations::validate(config, None);
        problems.extend(self.0.validate(config));
        problems
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        // What was the primary does not stay so by itself: it is what is configured, or the default.
        let configured = with_attributes(
            request.proposed,
            [("primary", kprov_provider::attribute(request.config, "primary"))],
        );
        let Some(steps) = Steps::of(&configured) else {
            let own = ["material", "public_material", "rotation"];
            let primary = request.config.get("primary").is_none_or(Value::is_null);
            let primary = primary.then_some(&"primary");
            let unknown = self.0.results().iter().chain(&own).chain(primary);
            let unknown = unknown.filter_map(|name| {
                let ty = request.proposed.get(name)?.ty();
                Some((*name, Value::unknown(ty)))
            });
            return Ok(with_attributes(request.proposed, unknown).into());
        };
        generations::planned(steps, request.prior.and_then(Steps::of), None)?;
        let ring = Self::ring(steps);
        let material = request.prior.map(Material::of).unwrap_or_default().kept(&[ring]);
        Ok(self.shown(request.proposed, &ring, &material).into())
    }

    fn certificates(&self, change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        let held = |object: &Value| {
            Steps::of(object).map(|steps| (Self::ring(steps), Material::of(object)))
        };
        let (before, after) = (change.before.and_then(held), held(change.after));
        self.0.certificates(change, borrowed(&before), borrowed(&after))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        self.carry_out(host, None, planned)
    }

    fn update(
        &self,
        host: &dyn Host,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, ProviderError> {
        self.carry_out(host, Some(prior), planned)
    }
}
