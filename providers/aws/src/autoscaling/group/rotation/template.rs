//! Launch templates with their version, as rotations name them: `lt-0123456789abcdef0/7`.

use kprov_provider::rotation::TemplateId;

/// A launch template and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pinned {
    /// `lt-0123456789abcdef0`
    pub(super) template: String,
    /// A number; of what AWS tells, or an object says, also `$Latest` and `$Default`.
    pub(super) version: String,
}

impl Pinned {
    pub(super) fn new(template: &str, version: &str) -> Pinned {
        Pinned { template: template.to_owned(), version: version.to_owned() }
    }

    /// Its name in rotations.
    pub(super) fn id(&self) -> TemplateId {
        TemplateId::new(&format!("{}/{}", self.template, self.version))
    }

    /// By its name in rotations; what such a name must look like, where it does not.
    pub(super) fn of(id: &TemplateId) -> Result<Pinned, String> {
        let parts = id.as_str().split_once('/');
        match parts {
            Some((template, version)) if template.starts_with("lt-") && is_number(version) => {
                Ok(Pinned::new(template, version))
            }
            Some((_, version)) if version.starts_with('$') => Err(floats(version)),
            _ => Err(format!(
                "{id} is no launch template with a version, which look like lt-0123456789abcdef0/7."
            )),
        }
    }
}

/// Is the version a number, which always means the same?
pub(super) fn is_number(version: &str) -> bool {
    !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a version that moves by itself is refused, and what to write instead.
pub(super) fn floats(version: &str) -> String {
    format!(
        "A group that is rotated names the version of its launch template by number: {version:?} is another version \
         whenever somebody makes one, so nobody could tell what a machine was launched from, or go back. Write \
         version = aws_launch_template.NAME.latest_version."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_pinned() {
        let read = |text: &str| Pinned::of(&TemplateId::new(text));
        assert_eq!(read("lt-1/7").unwrap().id().as_str(), "lt-1/7");
        let says = read("lt-1/$Latest").unwrap_err();
        assert!(says.contains("latest_version"), "{says}");
        for bad in ["lt-1", "lt-1/", "ami-1/7", "lt-1/7a", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
