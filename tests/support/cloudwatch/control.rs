//! `POST /control`: a test's or a demonstration's orders as JSON.

use std::time::Duration;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::clock::{Clock, Moment};
use super::faults::{Fault, Faults};
use super::store::Store;
use super::world::World;

/// Everything is optional, and an unknown key is refused. Times are in seconds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Orders {
    /// The time it is: `"real"`, RFC 3339, or seconds since 1970.
    now: Option<Now>,
    /// With a `now`: runs on from there instead of standing still.
    #[serde(default)]
    ticking: bool,
    /// How far the clock jumps ahead.
    advance: Option<f64>,
    visible_after: Option<f64>,
    new_metric_visible_after: Option<f64>,
    /// Whether the quotas a second are kept.
    quotas: Option<bool>,
    #[serde(default)]
    fail: Vec<Fault>,
    #[serde(default)]
    clear: Vec<Clear>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Now {
    Seconds(f64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Clear {
    Metrics,
    Calls,
    Faults,
}

impl Orders {
    /// Carries out all of the orders, or none; clearing comes first.
    pub(crate) fn obey(self, world: &mut World) -> Result<(), String> {
        let clock = self.now.map(|now| clock(&now, self.ticking)).transpose()?;
        let advance = self.advance.map(duration).transpose()?;
        let visible = self.visible_after.map(duration).transpose()?;
        let new_visible = self.new_metric_visible_after.map(duration).transpose()?;
        for clear in self.clear {
            match clear {
                Clear::Metrics => world.store = Store::default(),
                Clear::Calls => world.calls.clear(),
                Clear::Faults => world.faults = Faults::default(),
            }
        }
        world.clock = clock.unwrap_or(world.clock);
        world.advance(advance.unwrap_or_default());
        let visibility = &mut world.visibility;
        visibility.after = visible.unwrap_or(visibility.after);
        visibility.of_new_metric_after = new_visible.unwrap_or(visibility.of_new_metric_after);
        if let Some(keep) = self.quotas {
            world.keep_quotas(keep);
        }
        self.fail.into_iter().for_each(|fault| world.faults.order(fault));
        Ok(())
    }
}

fn clock(now: &Now, ticking: bool) -> Result<Clock, String> {
    let moment = match now {
        Now::Text(text) if text == "real" => return Ok(Clock::Real),
        Now::Text(text) => {
            OffsetDateTime::parse(text, &Rfc3339).ok().map(|time| Moment::from_seconds(time.unix_timestamp()))
        }
        Now::Seconds(seconds) => Moment::from_fraction(*seconds),
    };
    let moment =
        moment.ok_or_else(|| format!("now must be \"real\", RFC 3339 or seconds since 1970, found {now:?}"))?;
    Ok(if ticking { Clock::ticking(moment) } else { Clock::Fixed(moment) })
}

fn duration(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{seconds} is no duration in seconds: {error}"))
}
