//! What Burrow's API is asked: one of its two views of a group, by a path.

use serde::{Deserialize, Serialize};

/// Which of Burrow's two answers about a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// `/status`: the partitions that are not OK.
    #[default]
    Status,
    /// `/lag`: every partition.
    Lag,
}

/// What was asked, and at which host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The path.
    pub url: String,
    /// The host's name.
    pub host: String,
}

impl View {
    /// The word for it in events and paths.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Lag => "lag",
        }
    }
}

impl Origin {
    /// The path of the same request to Burrow.
    pub(crate) fn of(cluster: &str, group: &str, view: View) -> Self {
        Self { url: format!("/v3/kafka/{cluster}/consumer/{group}/{}", view.word()), host: HOST.to_owned() }
    }
}

/// The host in an answer that was not requested by HTTP.
const HOST: &str = "meerkat";
