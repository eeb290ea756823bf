//! Hashes of strings and files, `bcrypt` and `rsadecrypt`.

mod rsa;
#[cfg(test)]
mod tests;

use kprov_core::{Type, Value};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::arguments::{gives_string, number, string, string_to_string, text, whole};
use super::encoding::base64;
use super::{Code, Function, FunctionContext, FunctionError, filesystem};

type Outcome = Result<Value, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    let of_string: [(_, _, Code); 6] = [
        ("md5", "Gives the MD5 hash of a string, in hexadecimal digits.", |_, a| hex::<Md5>(a)),
        ("sha1", "Gives the SHA1 hash of a string, in hexadecimal digits.", |_, a| hex::<Sha1>(a)),
        ("sha256", "Gives the SHA256 hash of a string, in hexadecimal digits.", |_, a| {
            hex::<Sha256>(a)
        }),
        ("sha512", "Gives the SHA512 hash of a string, in hexadecimal digits.", |_, a| {
            hex::<Sha512>(a)
        }),
        ("base64sha256", "Gives the SHA256 hash of a string, as Base64.", |_, a| {
            Ok(Value::string(base64(&Sha256::digest(text(a, 0)))))
        }),
        ("base64sha512", "Gives the SHA512 hash of a string, as Base64.", |_, a| {
            Ok(Value::string(base64(&Sha512::digest(text(a, 0)))))
        }),
    ];
    let of_file: [(_, _, Code); 6] = [
        (
            "filemd5",
            "Gives the MD5 hash of a file's content, in hexadecimal digits.",
            file_hex::<Md5>,
        ),
        (
            "filesha1",
            "Gives the SHA1 hash of a file's content, in hexadecimal digits.",
            file_hex::<Sha1>,
        ),
        (
            "filesha256",
            "Gives the SHA256 hash of a file's content, in hexadecimal digits.",
            file_hex::<Sha256>,
        ),
        (
            "filesha512",
            "Gives the SHA512 hash of a file's content, in hexadecimal digits.",
            file_hex::<Sha512>,
        ),
        (
            "filebase64sha256",
            "Gives the SHA256 hash of a file's content, as Base64.",
            file_base64::<Sha256>,
        ),
        (
            "filebase64sha512",
            "Gives the SHA512 hash of a file's content, as Base64.",
            file_base64::<Sha512>,
        ),
    ];
    let bcrypt = Function::new(
        "bcrypt",
        "Hashes a string with bcrypt and a random salt.",
        gives_string,
        bcrypt,
    )
    .with(string("str"))
    .with_rest(number("cost"));
    let rsadecrypt = Function::new(
        "rsadecrypt",
        "Decrypts Base64 text with an RSA private key (PKCS #1 v1.5).",
        gives_string,
        rsa::rsadecrypt,
    )
    .with(string("ciphertext"))
    .with(string("privatekey"));
    let strings = of_string.map(|(name, about, code)| string_to_string(name, "str", about, code));
    let files = of_file.map(|(name, about, code)| string_to_string(name, "path", about, code));
    strings.into_iter().chain(files).chain([bcrypt, rsadecrypt]).collect()
}

fn hex<D: Digest>(arguments: &[Value]) -> Outcome {
    Ok(Value::string(hex_digits(&D::digest(text(arguments, 0)))))
}

fn file_hex<D: Digest>(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let content = filesystem::read_for_hash(context, text(arguments, 0))?;
    Ok(Value::string(hex_digits(&D::digest(content))))
}

fn file_base64<D: Digest>(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let content = filesystem::read_for_hash(context, text(arguments, 0))?;
    Ok(Value::string(base64(&D::digest(content))))
}

fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bcrypt(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    /// What is used where no cost is given, or one that is too small to mean anything.
    const COST_DEFAULT: u32 = 10;
    let cost = match arguments.len() {
        1 => i64::from(COST_DEFAULT),
        2 => whole(arguments, 1)?,
        _ => return Err(FunctionError::new("bcrypt() takes no more than two arguments")),
    };
    let failed =
        |reason: String| FunctionError::new(format!("error occured generating password {reason}"));
    let cost = match cost {
        ..=3 => COST_DEFAULT,
        4..=31 => cost.unsigned_abs() as u32,
        _ => {
            return Err(failed(format!(
                "crypto/bcrypt: cost {cost} is outside allowed range (4,31)"
            )));
        }
    };
    let password = text(arguments, 0);
    if password.len() > 72 {
        return Err(failed("bcrypt: password length exceeds 72 bytes".to_owned()));
    }
    if context.pure_only {
        return Ok(Value::unknown(Type::String));
    }
    let mut salt = [0; 16];
    context.host.random(&mut salt);
    let hashed = ::bcrypt::hash_with_salt(password, cost, salt)
        .map_err(|error| failed(error.to_string()))?;
    Ok(Value::string(hashed.format_for_version(::bcrypt::Version::TwoA)))
}
