//! The metrics that hold the pages of one cluster, or of a part of it.

use std::sync::Arc;

use super::binding::PageAddress;
use crate::cloudwatch::address::Schedule;
use crate::cloudwatch::metric::{Metric, encode};
use crate::cloudwatch::names;
use crate::model::part::Part;

/// The addresses of the pages of all snapshots of one cluster, part and period; they follow from these three alone.
#[derive(Clone, Debug)]
pub struct Addresses {
    dimensions: Vec<(&'static str, String)>,
}

impl Addresses {
    /// Of a cluster of this name. Another period has addresses of its own, since memories count in periods.
    #[must_use]
    pub fn new(cluster: &str, part: Part, schedule: Schedule) -> Self {
        let period = schedule.period().to_string();
        Self {
            dimensions: vec![
                (names::CLUSTER, encode(cluster)),
                (names::PART, part.to_string()),
                (names::PERIOD, period),
            ],
        }
    }

    /// The metric of a page.
    #[must_use]
    pub fn page(&self, PageAddress { bits, bucket, page }: PageAddress) -> Arc<Metric> {
        let mut dimensions = self.dimensions.clone();
        dimensions.push((names::BUCKET, format!("{}/{}", bucket + 1, 1_u32 << bits)));
        dimensions.push((names::PAGE, page.to_string()));
        Arc::new(Metric { name: names::PARTITIONS, dimensions })
    }

    /// The metric of a page of bytes: of [`names::NOTES`] or [`names::STANDING`].
    pub(crate) fn of_bytes(&self, name: &'static str, page: usize) -> Arc<Metric> {
        let mut dimensions = self.dimensions.clone();
        dimensions.push((names::PAGE, page.to_string()));
        Arc::new(Metric { name, dimensions })
    }

    /// The metric of the rosters.
    pub(crate) fn roster(&self) -> Arc<Metric> {
        Arc::new(Metric { name: names::ROSTER, dimensions: self.dimensions.clone() })
    }
}
