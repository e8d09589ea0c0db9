//! Whether AWS is out of reach: nothing on this machine says who would be asking, or where.

use std::path::{Path, PathBuf};

/// Whether neither variables nor files (AWS SDKs and tools, shared config and credentials files) name credentials or a Region, and
/// nothing asks for AWS explicitly. `exists` answers whether there is such a file, `on_ec2` whether
/// this machine may have a role of its own.
pub fn is_away(variables: &[(String, String)], exists: impl Fn(&Path) -> bool, on_ec2: impl FnOnce() -> bool) -> bool {
    let said = |name: &str| {
        let value = variables.iter().find(|(of, _)| of == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    };
    let file = |name: &str| said("HOME").is_some_and(|home| exists(&PathBuf::from(home).join(".aws").join(name)));
    !SIGNS.iter().any(|name| said(name).is_some()) && !file("config") && !file("credentials") && !on_ec2()
}

/// What such a run prints.
pub const NOTE: &str = "no AWS credentials found: no history, no metrics";

const SIGNS: [&str; 11] = [
    "MEERKAT_HISTORY",
    "MEERKAT_PUBLISH",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn away(variables: &[(&str, &str)], file: &str) -> bool {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        is_away(&variables, |path| path == Path::new(file), || false)
    }

    #[test]
    fn any_sign_of_aws_is_believed() {
        assert!(away(&[], ""));
        assert!(away(&[("HOME", "/home/a"), ("AWS_REGION", " ")], "/home/b/.aws/config"));
        assert!(!away(&[("HOME", "/home/a")], "/home/a/.aws/credentials"));
        for sign in SIGNS {
            assert!(!away(&[(sign, "x")], ""), "{sign}");
        }
    }
}
