//! The same requests to the stand-in and to `MiniStack`, another emulator: where it follows the documentation the
//! answers agree, and this file lists the differences.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatch::types::StatisticSet;
use meerkat::cloudwatch::pages::entry::{Entry, LARGEST_OFFSET, MEMORY_END, Sighting};
use meerkat::cloudwatch::pages::seconds::{self, Merged, Slots};
use meerkat::cloudwatch::{Minute, Schedule};
use meerkat::model::lag::Committed;

use super::*;
use crate::support::emulator::Emulator;

/// Both, and what was sent to either.
struct Pair {
    ours: Client,
    _stand: Stand,
    theirs: Client,
    _ministack: Emulator,
    /// A whole five minutes, some ten minutes ago by the machine's clock, which is the only one that `MiniStack` knows.
    start: i64,
}

type Points = BTreeMap<String, Vec<(i64, f64)>>;

impl Pair {
    fn start() -> Self {
        let stand = Stand::start();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let start = (i64::try_from(now).unwrap() - 600).div_euclid(300) * 300;
        let ministack = Emulator::start("ministack.sh");
        let (ours, theirs) = (client(&stand.url(), 1), client(&ministack.url, 1));
        Self { ours, _stand: stand, theirs, _ministack: ministack, start }
    }

    async fn put(&self, datums: Vec<MetricDatum>) {
        put(&self.ours, datums.clone()).await.unwrap();
        put(&self.theirs, datums).await.unwrap();
    }

    /// The points of each query, relative to the start: ours, theirs.
    async fn get(&self, queries: Vec<MetricDataQuery>, from: i64, to: i64) -> (Points, Points) {
        let read = async |client: &Client| {
            let answer: GetMetricDataOutput =
                get(client, queries.clone(), self.start + from, self.start + to).await.unwrap();
            let result = |index: usize| {
                let id = answer.metric_data_results()[index].id().unwrap().to_owned();
                (id, points(&answer, index).into_iter().map(|(second, value)| (second - self.start, value)).collect())
            };
            (0..answer.metric_data_results().len()).map(result).collect::<Points>()
        };
        (read(&self.ours).await, read(&self.theirs).await)
    }

    /// Both answer the same, and not with nothing.
    async fn agree(&self, queries: Vec<MetricDataQuery>, from: i64, to: i64) -> Points {
        let (ours, theirs) = self.get(queries, from, to).await;
        assert_eq!(ours, theirs);
        assert!(ours.values().any(|points| !points.is_empty()));
        ours
    }
}

const BASIC: [&str; 5] = ["SampleCount", "Sum", "Minimum", "Maximum", "Average"];

fn basic(metric: &Metric, period: i64) -> Vec<MetricDataQuery> {
    BASIC.iter().map(|stat| ask_metric(&stat.to_lowercase(), metric.clone(), stat, period).build()).collect()
}

fn of_shard(shard: u64) -> Vec<Dimension> {
    vec![dimension("Group", "orders%20svc"), dimension("Shard", shard.to_string())]
}

fn metric_of_shard(shard: u64) -> Metric {
    Metric::builder().namespace("Test/State").metric_name("m").set_dimensions(Some(of_shard(shard))).build()
}

#[tokio::test]
#[ignore = "needs MiniStack: make test-ministack"]
async fn both_answer_slots_merges_and_exact_numbers_alike() {
    let pair = Pair::start();
    let exact = 53.0_f64.exp2();
    let slot = |slot: i64, values: &[f64], counts: &[f64]| {
        let datum = at(pair.start + slot).set_dimensions(Some(of_shard(0)));
        datum.set_values(Some(values.to_vec())).set_counts(Some(counts.to_vec())).build()
    };
    pair.put(vec![
        slot(0, &[exact - 1.0, exact], &[1.0, 6.0]),
        slot(1, &[0.0], &[9.0]),
        slot(59, &[1.0, 2.0], &[1.0, 1.0]),
    ])
    .await;
    let found = pair.agree(basic(&metric_of_shard(0), 1), 0, 60).await;
    assert_eq!(found["minimum"], [(0, exact - 1.0), (1, 0.0), (59, 1.0)]);
    assert_eq!(found["maximum"], [(0, exact), (1, 0.0), (59, 2.0)]);
    assert_eq!(found["samplecount"], [(0, 7.0), (1, 9.0), (59, 2.0)]);

    pair.put(vec![slot(59, &[1.0, 2.0], &[1.0, 1.0])]).await;
    let twice = pair.agree(basic(&metric_of_shard(0), 1), 0, 60).await;
    assert_eq!(twice["samplecount"], [(0, 7.0), (1, 9.0), (59, 4.0)], "the same write again doubles the count alone");
    assert_eq!((&twice["minimum"], &twice["maximum"]), (&found["minimum"], &found["maximum"]));

    let before_the_end = pair.agree(basic(&metric_of_shard(0), 1), 0, 59).await;
    assert_eq!(before_the_end["minimum"], [(0, exact - 1.0), (1, 0.0)], "the end is exclusive");
}

#[tokio::test]
#[ignore = "needs MiniStack: make test-ministack"]
async fn both_give_back_a_page_as_it_was_written() {
    let pair = Pair::start();
    let minute = Minute::holding(pair.start + 60);
    let entry = |number: i64| {
        let seen = match number % 3 {
            0 => Sighting::new(Committed::At(LARGEST_OFFSET - number), LARGEST_OFFSET, MEMORY_END - 1),
            1 => Sighting::new(Committed::At(LARGEST_OFFSET), number, 0),
            _ => Sighting::new(Committed::Never, 0, MEMORY_END - 1),
        };
        Entry::Seen(seen.unwrap()).slot(u16::try_from(number).unwrap())
    };
    let slots: Vec<_> = (0..59).map(entry).collect();
    let page = Slots { taken: (pair.start + 63) * 1_000, slots };
    let seconds = seconds::write(Schedule::MINUTELY, minute, &page).unwrap();
    let datums = seconds.into_iter().map(|second| {
        let datum = at(second.time).set_dimensions(Some(of_shard(0))).storage_resolution(1);
        datum.set_values(Some(second.values.to_vec())).set_counts(Some(second.counts.to_vec())).build()
    });
    pair.put(datums.collect()).await;
    let found = pair.agree(basic(&metric_of_shard(0), 1), 0, 60).await;
    let points: Vec<Merged> = found["minimum"]
        .iter()
        .zip(&found["maximum"])
        .zip(&found["samplecount"])
        .map(|(((second, minimum), (_, maximum)), (_, samples))| Merged {
            time: pair.start + second,
            samples: Some(*samples),
            minimum: Some(*minimum),
            maximum: Some(*maximum),
        })
        .collect();
    assert_eq!(seconds::read(Schedule::MINUTELY, &points), [(minute, Ok(page))]);
}

/// Splitmix64: the same sequence on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn number(&mut self, end: u32) -> f64 {
        f64::from(u32::try_from(self.below(u64::from(end))).unwrap())
    }
}

#[tokio::test]
#[ignore = "needs MiniStack: make test-ministack"]
async fn both_answer_any_mixture_of_writes_alike() {
    let pair = Pair::start();
    let mut random = Random(4);
    for requests in 0..30 {
        let datums = (0..=random.below(40)).map(|_| {
            let second = pair.start + i64::try_from(random.below(300)).unwrap();
            let shard = random.below(3);
            let mut dimensions = of_shard(shard);
            if random.below(2) == 0 {
                dimensions.reverse();
            }
            let datum = at(second).set_dimensions(Some(dimensions));
            let low = random.number(1_000_000) - 1_000.0;
            match random.below(4) {
                0 => datum.value(low),
                1 => datum.values(low),
                2 => datum.values(low).values(low + 1.0 + random.number(99)).counts(1.0).counts(1.0 + random.number(9)),
                _ => {
                    let set = StatisticSet::builder().sample_count(3.0).minimum(low).maximum(low + 5.0);
                    datum.statistic_values(set.sum(3.0 * low + 6.0).build())
                }
            }
            .build()
        });
        pair.put(datums.collect()).await;
        for (shard, period) in [(requests % 3, 1), (0, 5), (1, 10), (2, 30), (0, 60), (1, 300)] {
            let (ours, theirs) = pair.get(basic(&metric_of_shard(shard), period), 0, 300).await;
            assert_eq!(ours, theirs, "shard {shard} at period {period} after {requests} requests");
        }
    }
    for shard in 0..3 {
        pair.agree(basic(&metric_of_shard(shard), 1), 0, 300).await;
    }
}

#[tokio::test]
#[ignore = "needs MiniStack: make test-ministack"]
async fn both_inflate_a_thousand_datums() {
    let pair = Pair::start();
    pair.put((0..1_000).map(|n| one(pair.start + n % 300, 1.0)).collect()).await;
    let found = pair.agree(vec![ask("q", "Sum", 300)], 0, 300).await;
    assert_eq!(found["q"], [(0, 1_000.0)]);
}

/// Where `MiniStack` differs from the documentation, the stand-in follows the documentation.
#[tokio::test]
#[ignore = "needs MiniStack: make test-ministack"]
async fn the_known_differences_are_these() {
    let pair = Pair::start();
    let of_query = |(ours, theirs): (Points, Points)| (ours["q"].clone(), theirs["q"].clone());
    pair.put(vec![one(pair.start + 10, 4.0), one(pair.start + 50, 8.0)]).await;

    // "Round down to the nearest whole minute" (GetMetricData, StartTime).
    let (ours, theirs) = of_query(pair.get(vec![ask("q", "Sum", 1)], 45, 60).await);
    assert_eq!((ours, theirs), (vec![(10, 4.0), (50, 8.0)], vec![(50, 8.0)]));

    // How ranks between two values are filled in is not documented: nearest rank here, linear there.
    let (ours, theirs) = of_query(pair.get(vec![ask("q", "p50", 60)], 0, 60).await);
    assert_eq!((ours, theirs), (vec![(0, 4.0)], vec![(0, 6.0)]));

    // "The number of data points that the request should return before paginating" (GetMetricData, MaxDatapoints, ScanBy).
    let page = async |client: &Client| {
        let read = client.get_metric_data().metric_data_queries(ask("q", "Sum", 1)).max_datapoints(1);
        let read = read.start_time(DateTime::from_secs(pair.start)).end_time(DateTime::from_secs(pair.start + 60));
        let page = read.scan_by(ScanBy::TimestampDescending).send().await.unwrap();
        (page.metric_data_results()[0].values().to_vec(), page.next_token().is_some())
    };
    assert_eq!(page(&pair.ours).await, (vec![8.0], true));
    assert_eq!(page(&pair.theirs).await, (vec![4.0, 8.0], false));

    // A metric without dimensions is a metric of its own (user guide, "Dimensions").
    pair.put(vec![at(pair.start + 20).value(1.0).set_dimensions(Some(of_shard(0))).build()]).await;
    let (ours, theirs) = of_query(pair.get(vec![ask("q", "SampleCount", 60)], 0, 60).await);
    assert_eq!((ours, theirs), (vec![(0, 2.0)], vec![(0, 3.0)]));

    // "For metrics with regular resolution, a period can be as short as one minute" (MetricStat, Period).
    pair.put(vec![at(pair.start + 130).value(1.0).storage_resolution(60).build()]).await;
    let (ours, theirs) = of_query(pair.get(vec![ask("q", "Sum", 1)], 120, 180).await);
    assert_eq!((ours, theirs), (vec![], vec![(130, 1.0)]));

    // Three hours of seconds (MetricStat, Period).
    let old = 4 * HOUR;
    pair.put(vec![one(pair.start - old, 1.0)]).await;
    let (ours, theirs) = of_query(pair.get(vec![ask("q", "Sum", 1)], -old, 60 - old).await);
    assert_eq!((ours, theirs), (vec![], vec![(-old, 1.0)]));

    // No limit of a request is kept.
    let many: Vec<MetricDatum> = (0..1_001).map(|n| one(pair.start + n % 60, 1.0)).collect();
    assert!(put(&pair.ours, many.clone()).await.is_err());
    assert!(put(&pair.theirs, many).await.is_ok());
}
