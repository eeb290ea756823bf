//! [`DistinguishedName`]: subjects and issuers. How they are written is in `name_written`.

use std::fmt;

use x509_parser::x509::X509Name;

/// A subject or an issuer. Of what is read a part may have any number of values; how many can be written says
/// [`DistinguishedName::check_writable`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DistinguishedName {
    /// `C`
    pub countries: Vec<String>,
    /// `O`: groups, to Kubernetes.
    pub organizations: Vec<String>,
    /// `OU`
    pub organizational_units: Vec<String>,
    /// `L`
    pub localities: Vec<String>,
    /// `ST`
    pub provinces: Vec<String>,
    /// `STREET`
    pub street_addresses: Vec<String>,
    /// `POSTALCODE`
    pub postal_codes: Vec<String>,
    /// `CN`: the user, to Kubernetes.
    pub common_name: Option<String>,
    /// `SERIALNUMBER`, of the subject; not the certificate's.
    pub serial_number: Option<String>,
    /// `E`: PKCS#9's mail address, a relic.
    pub email_address: Option<String>,
    /// Parts of other kinds, by object identifier; read, and not written.
    pub others: Vec<(String, String)>,
}

/// The parts in the order in which they are written: label and last arcs of the object identifier 2.5.4.x.
const PARTS: [(&str, u64); 9] = [
    ("C", 6),
    ("O", 10),
    ("OU", 11),
    ("L", 7),
    ("ST", 8),
    ("STREET", 9),
    ("POSTALCODE", 17),
    ("CN", 3),
    ("SERIALNUMBER", 5),
];

impl DistinguishedName {
    /// A name of a common name only.
    pub fn common(name: impl Into<String>) -> DistinguishedName {
        DistinguishedName { common_name: Some(name.into()), ..DistinguishedName::default() }
    }

    /// No part at all.
    pub fn is_empty(&self) -> bool {
        let none = self.others.is_empty() && self.email_address.is_none();
        none && self.values().iter().all(|(_, _, values)| values.is_empty())
    }

    /// The parts in their order: label, last arc of the object identifier 2.5.4.x, values.
    pub(crate) fn values(&self) -> [(&'static str, u64, &[String]); 9] {
        let values: [&[String]; 9] = [
            &self.countries,
            &self.organizations,
            &self.organizational_units,
            &self.localities,
            &self.provinces,
            &self.street_addresses,
            &self.postal_codes,
            self.common_name.as_slice(),
            self.serial_number.as_slice(),
        ];
        let mut parts = [("", 0, &[][..]); 9];
        for (part, ((label, arc), values)) in parts.iter_mut().zip(PARTS.into_iter().zip(values)) {
            *part = (label, arc, values);
        }
        parts
    }

    fn values_mut(&mut self, arc: u64) -> Option<&mut Vec<String>> {
        Some(match arc {
            6 => &mut self.countries,
            10 => &mut self.organizations,
            11 => &mut self.organizational_units,
            7 => &mut self.localities,
            8 => &mut self.provinces,
            9 => &mut self.street_addresses,
            17 => &mut self.postal_codes,
            _ => return None,
        })
    }

    pub(crate) fn from_parsed(name: &X509Name<'_>) -> DistinguishedName {
        let mut all = DistinguishedName::default();
        for attribute in name.iter_attributes() {
            let oid = attribute.attr_type().to_id_string();
            let value = match attribute.as_str() {
                Ok(text) => text.to_owned(),
                Err(_) => format!("#{}", crate::hex(attribute.as_slice())),
            };
            if oid == "1.2.840.113549.1.9.1" && all.email_address.is_none() {
                all.email_address = Some(value);
                continue;
            }
            let arc = oid.strip_prefix("2.5.4.").and_then(|arc| arc.parse().ok());
            match arc {
                Some(3) if all.common_name.is_none() => all.common_name = Some(value),
                Some(5) if all.serial_number.is_none() => all.serial_number = Some(value),
                arc => match arc.and_then(|arc| all.values_mut(arc)) {
                    Some(values) => values.push(value),
                    None => all.others.push((oid, value)),
                },
            }
        }
        all
    }
}

/// As RFC 2253 writes names: the last part first, `CN=kubernetes-admin,O=system:masters`.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.others.iter().map(|(oid, value)| format!("{oid}={}", escaped(value)));
        let parts = self.values().into_iter().rev().filter(|(_, _, values)| !values.is_empty());
        let parts = parts.map(|(label, _, values)| {
            let one = |value: &String| format!("{label}={}", escaped(value));
            values.iter().map(one).collect::<Vec<_>>().join("+")
        });
        let email = self.email_address.iter();
        let email = email.map(|it| format!("1.2.840.113549.1.9.1={}", escaped(it)));
        f.write_str(&others.chain(email).chain(parts).collect::<Vec<_>>().join(","))
    }
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    value.chars().enumerate().fold(String::new(), |mut text, (index, c)| {
        let edge = (c == ' ' && (index == 0 || index == last)) || (c == '#' && index == 0);
        if edge || r#",+"\<>;"#.contains(c) {
            text.push('\\');
        }
        text.push(c);
        text
    })
}
