//! What providers say of a cluster goes into the journal and to people: words of its kubeconfig are taken out first.

use kprov_provider::ProviderError;
use kprov_rotation::settings::Secret;

/// Shorter words of a kubeconfig are names and addresses, not keys.
const SECRET_MIN: usize = 16;

/// `told` without words that stand in a kubeconfig: keys, tokens, certificates. Addresses stay.
pub(super) fn blot(kubeconfig: &Secret, told: &str) -> String {
    let words = kubeconfig.expose().split([' ', '\n', '\t', '"', '\'', ',']);
    words
        .filter(|word| word.len() >= SECRET_MIN && !word.contains("://"))
        .fold(told.to_owned(), |told, word| told.replace(word, "(sensitive value)"))
}

/// The same with an error.
pub(super) fn discreet(kubeconfig: &Secret, error: ProviderError) -> ProviderError {
    ProviderError { message: blot(kubeconfig, &error.message), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_kubeconfig_is_not_repeated() {
        let kubeconfig = Secret::new("server: https://api.example\ntoken: abcdefghijklmnopqrst");
        let told = blot(&kubeconfig, "https://api.example refused token abcdefghijklmnopqrst");
        assert_eq!(told, "https://api.example refused token (sensitive value)");
    }
}
