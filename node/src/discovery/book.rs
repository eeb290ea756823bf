//! The address book: where private addresses can be reached from here. On EC2 there is none, and they are reached as they are.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::https::Client;
use crate::problem::Problem;

/// The variable that names the book.
pub(crate) const VARIABLE: &str = "KPROV_NODE_ADDRESSES";

/// An address book, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AddressBook(Option<String>);

impl AddressBook {
    /// At an `http://` or `file://` URL.
    pub(crate) fn at(url: Option<String>) -> AddressBook {
        AddressBook(url.filter(|url| !url.is_empty()))
    }

    /// Where these are reached. One that is not in the book is reached as it is.
    pub(crate) async fn reach(&self, private: &[IpAddr]) -> Result<Vec<IpAddr>, Problem> {
        let Some(url) = &self.0 else { return Ok(private.to_vec()) };
        let failed = |why: String| {
            Problem::new(
                "Nobody says where addresses are reached",
                format!("{VARIABLE} is {url}: {why}."),
            )
        };
        let text = match url.strip_prefix("file://") {
            Some(path) => std::fs::read(path).map_err(|error| failed(error.to_string()))?,
            None => {
                let answer = Client::plain().get(url, Duration::from_secs(5)).await;
                let answer = answer.map_err(|error| failed(error.to_string()))?;
                if !answer.status.is_success() {
                    return Err(failed(format!("the answer is {}", answer.status)));
                }
                answer.body.to_vec()
            }
        };
        let book: BTreeMap<String, IpAddr> = serde_json::from_slice(&text)
            .map_err(|error| failed(format!("it is no book of addresses: {error}")))?;
        // airplane also lists them by network; a machine knows only its own.
        let book: BTreeMap<IpAddr, IpAddr> = book
            .into_iter()
            .filter_map(|(private, reached)| Some((private.parse().ok()?, reached)))
            .collect();
        Ok(private.iter().map(|address| book.get(address).copied().unwrap_or(*address)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_looked_up_and_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("book");
        std::fs::write(&path, r#"{"10.0.1.5": "127.77.0.1", "vpc-1/10.0.1.6": "127.77.0.2"}"#)
            .unwrap();
        let book = AddressBook::at(Some(format!("file://{}", path.display())));
        let (known, other): (IpAddr, IpAddr) =
            ("10.0.1.5".parse().unwrap(), "10.0.1.6".parse().unwrap());
        let expected: IpAddr = "127.77.0.1".parse().unwrap();
        assert_eq!(book.reach(&[known, other]).await.unwrap(), [expected, other]);
        assert_eq!(AddressBook::at(None).reach(&[known]).await.unwrap(), [known]);
        std::fs::write(&path, "[]").unwrap();
        assert!(
            book.reach(&[known]).await.unwrap_err().to_string().contains("no book of addresses")
        );
    }
}
