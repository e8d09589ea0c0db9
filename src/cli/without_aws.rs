//! Whether AWS cannot be used, because nothing on this machine names credentials or a Region.

use std::path::{Path, PathBuf};

use crate::base::spelling;

/// Whether neither variables nor files (AWS SDKs and tools, shared config and credentials files) name credentials or a Region, and
/// nothing asks for AWS explicitly. `exists` returns whether there is such a file, `on_ec2` whether
/// this machine may have a role of its own.
pub fn is_away(variables: &[(String, String)], exists: impl Fn(&Path) -> bool, on_ec2: impl FnOnce() -> bool) -> bool {
    let said = |name: &str| value(variables, name);
    let file = |name: &str| said("HOME").is_some_and(|home| exists(&PathBuf::from(home).join(".aws").join(name)));
    !SIGNS.iter().any(|name| said(name).is_some()) && !file("config") && !file("credentials") && !on_ec2()
}

/// What such a run prints.
pub const NOTE: &str = "no AWS credentials found: no history, no metrics";

/// The problem of the profile or the Region in the variables, as one sentence; `files` returns the texts of the shared config
/// and credentials files, which only a profile needs.
pub fn mistake(variables: &[(String, String)], files: impl FnOnce() -> Vec<String>) -> Option<String> {
    let value = |name: &str| value(variables, name);
    if let Some(profile) = value("AWS_PROFILE") {
        let files = files();
        let known: Vec<&str> = files.iter().flat_map(|text| text.lines()).filter_map(section).collect();
        if !known.contains(&profile) {
            let near = spelling::nearest(profile, known.into_iter());
            let meant = near.first().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Some(format!("the AWS profile {profile} is not in the AWS config and credentials files{meant}"));
        }
    }
    let region = value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION"))?;
    (!is_region(region))
        .then(|| format!("the AWS Region {region} has no Region's name, such as eu-west-1: check AWS_REGION"))
}

/// The value of a variable that is not empty.
fn value<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let value = variables.iter().find(|(of, _)| of == name).map(|(_, value)| value.trim());
    value.filter(|value| !value.is_empty())
}

/// The profile that a line of a config or credentials file begins.
fn section(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.split(']').next()?.trim();
    Some(name.strip_prefix("profile ").unwrap_or(name).trim())
}

/// Whether a name has the form of a Region: `eu-west-1`, `us-gov-east-1`, `us-iso-west-1`.
fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [first, .., direction, number] = *parts else { return false };
    let sides = ["north", "south", "east", "west", "central"];
    let pointed = sides
        .iter()
        .any(|side| direction == *side || direction.strip_prefix(side).is_some_and(|rest| sides.contains(&rest)));
    first.len() == 2 && pointed && !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

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

    #[test]
    fn a_profile_and_a_region_that_cannot_be_are_named() {
        let mistake = |name: &str, value: &str| {
            let files = || vec!["[default]\nregion = x\n[profile production]\n".to_owned(), "[ci]".to_owned()];
            super::mistake(&[(name.to_owned(), value.to_owned())], files)
        };
        for right in ["production", "ci", "default"] {
            assert_eq!(mistake("AWS_PROFILE", right), None, "{right}");
        }
        assert!(
            mistake("AWS_PROFILE", "prodution").is_some_and(|problem| problem.ends_with("did you mean production?"))
        );
        for right in ["eu-west-1", "us-gov-east-1", "ap-southeast-2", "ca-central-1", "us-iso-west-1"] {
            assert_eq!(mistake("AWS_REGION", right), None, "{right}");
        }
        for wrong in ["eu-wset-1", "eu-west", "ireland", "eu-west-1a"] {
            assert!(mistake("AWS_REGION", wrong).is_some_and(|problem| problem.contains(wrong)), "{wrong}");
        }
    }
}
