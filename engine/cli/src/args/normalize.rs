//! From the arguments as typed to those that clap reads: `-flag` becomes `--flag`, `TF_CLI_ARGS` and
//! `TF_CLI_ARGS_command` are put behind the command's name.

/// The words of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments(pub(crate) Vec<String>);

/// Commands that have commands of their own.
const GROUPS: [&str; 7] = ["state", "workspace", "op", "metadata", "pki", "providers", "rotation"];

/// `words` are those behind the program's name; `env` looks up a variable.
///
/// # Errors
/// When a variable's quotes are not closed.
pub(crate) fn normalize(
    words: Vec<String>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Arguments, String> {
    let command = words.iter().position(|word| !word.starts_with('-'));
    let Some(command) = command else {
        return Ok(Arguments(words.iter().map(|word| two_dashes(word)).collect()));
    };
    let mut end = command + 1;
    let mut name = words[command].clone();
    if GROUPS.contains(&name.as_str())
        && let Some(next) = words.get(end).filter(|next| !next.starts_with('-'))
    {
        name = format!("{name}_{next}");
        end += 1;
    }
    let mut all: Vec<String> = words[..end].iter().map(|word| two_dashes(word)).collect();
    let own = format!("TF_CLI_ARGS_{}", name.replace('-', "_"));
    for variable in [own.as_str(), "TF_CLI_ARGS"] {
        let extra = split(&env(variable).unwrap_or_default())
            .map_err(|why| format!("The environment variable {variable} cannot be read: {why}."))?;
        all.extend(extra.iter().map(|word| two_dashes(word)));
    }
    let mut literal = false;
    for word in &words[end..] {
        literal |= word == "--";
        all.push(if literal { word.clone() } else { two_dashes(word) });
    }
    Ok(Arguments(all))
}

/// `-flag=x` is `--flag=x`; "-" and values that only begin with a dash stay.
fn two_dashes(word: &str) -> String {
    let is_flag = word.strip_prefix('-').and_then(|rest| rest.chars().next());
    match is_flag {
        Some(first) if first.is_ascii_alphabetic() => format!("-{word}"),
        _ => word.to_owned(),
    }
}

/// Words as a shell reads them: blanks separate, quotes and backslashes hold together.
fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is not closed") } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_flags() {
        let check = |line: &str, own: &str, all: &str, expected: &str| {
            let words = split(line).expect("the case is well quoted");
            let env = |name: &str| match name {
                "TF_CLI_ARGS" => Some(all.to_owned()),
                "TF_CLI_ARGS_plan" | "TF_CLI_ARGS_state_rm" => Some(own.to_owned()),
                _ => None,
            };
            let found = normalize(words, &env).expect("the case is well quoted");
            assert_eq!(found.0.join("|"), expected, "{line}");
        };
        check("plan -out=x --var a=b", "", "", "plan|--out=x|--var|a=b");
        check("-chdir=d plan -no-color", "", "", "--chdir=d|plan|--no-color");
        check("plan -x", "-one '-var=a b'", "-two", "plan|--one|--var=a b|--two|--x");
        check("state rm -lock=false a.b", "-o", "", "state|rm|--o|--lock=false|a.b");
        check("import a.b -- -5 -x", "", "", "import|a.b|--|-5|-x");
        check("show - -5", "", "", "show|-|-5");
        check("-version", "", "", "--version");
        check("plan -var 'a=\"b c\"'", "", "", "plan|--var|a=\"b c\"");
    }

    #[test]
    fn open_quotes_are_refused() {
        assert!(split("a 'b").is_err());
        assert_eq!(split("a\\ b \"\"").expect("well quoted"), ["a b", ""]);
    }
}
