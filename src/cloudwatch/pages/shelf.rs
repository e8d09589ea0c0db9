//! Under which metrics the pages of one cluster, or of a part of it, are kept.

use std::sync::Arc;

use super::binding::Place;
use crate::cloudwatch::address::Schedule;
use crate::cloudwatch::metric::{Metric, encode};
use crate::cloudwatch::names;
use crate::model::part::Part;

/// Where the pages of all looks of one cluster, part and period stand: addresses follow from these alone.
#[derive(Clone, Debug)]
pub struct Shelf {
    dimensions: Vec<(&'static str, String)>,
}

impl Shelf {
    /// Of a cluster of this name. Another period has a shelf of its own, since memories count in periods.
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
    pub fn page(&self, Place { bits, bucket, page }: Place) -> Arc<Metric> {
        let mut dimensions = self.dimensions.clone();
        dimensions.push((names::BUCKET, format!("{}/{}", bucket + 1, 1_u32 << bits)));
        dimensions.push((names::PAGE, page.to_string()));
        Arc::new(Metric { name: names::PARTITIONS, dimensions })
    }

    /// The metric of a page of names whose statuses stand.
    pub(crate) fn standing(&self, page: usize) -> Arc<Metric> {
        let mut dimensions = self.dimensions.clone();
        dimensions.push((names::PAGE, page.to_string()));
        Arc::new(Metric { name: names::STANDING, dimensions })
    }

    /// The metric of a page of notes.
    pub(crate) fn notes(&self, page: usize) -> Arc<Metric> {
        let mut dimensions = self.dimensions.clone();
        dimensions.push((names::PAGE, page.to_string()));
        Arc::new(Metric { name: names::NOTES, dimensions })
    }

    /// The metric of the rosters.
    pub(crate) fn roster(&self) -> Arc<Metric> {
        Arc::new(Metric { name: names::ROSTER, dimensions: self.dimensions.clone() })
    }
}
