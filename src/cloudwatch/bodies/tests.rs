//! Bodies as they are sent.

use std::io::Read as _;

use ciborium::tag::Required;
use flate2::read::GzDecoder;
use serde::Deserialize;

use super::*;
use crate::model::stable_hash::Hash;

fn metric(length: usize) -> Metric {
    Metric { name: "Partitions", dimensions: vec![("Cluster", "c".repeat(length)), ("Group", "g".repeat(length))] }
}

fn datums(blocks: &[(usize, usize)]) -> Vec<usize> {
    let mut puts = Puts::new("Meerkat/State", true);
    for &(length, points) in blocks {
        let point = |time| Datapoint { time, values: &[1.0, 2.0], counts: &[1.0, 4_095.0] };
        puts.add(
            &metric(length),
            1,
            (0..i64::try_from(points).unwrap_or_default()).map(point).collect::<Vec<_>>().into_iter(),
        );
    }
    puts.finish().into_iter().map(|(datums, _)| datums).collect()
}

#[test]
fn a_request_holds_whole_blocks_up_to_its_limits() {
    assert_eq!(datums(&[]), [0; 0]);
    assert_eq!(datums(&[(1, 60); 17]), [960, 60]);
    assert_eq!(datums(&[(1, 500), (1, 500), (1, 1)]), [1_000, 1]);
    // The longest names: 60 points of one metric have 130,000 bytes.
    assert_eq!(datums(&[(1_024, 60); 8]), [360, 120]);
    assert_eq!(datums(&[(1_024, 430), (1, 1)]), [430, 1]);
}

#[test]
fn small_bodies_stay_as_they_are_and_one_after_the_other_shrinks() {
    let mut gzip = Gzip::default();
    assert!(gzip.body(&[7; FEWEST_BYTES_TO_COMPRESS - 1]).is_none());
    for byte in [7, 8] {
        let bytes = [byte; FEWEST_BYTES_TO_COMPRESS];
        let body = gzip.body(&bytes).unwrap();
        let mut read = Vec::new();
        GzDecoder::new(&body.bytes[..]).read_to_end(&mut read).unwrap();
        assert!(read == bytes && body.gzipped && body.bytes.len() < 200, "{}", body.bytes.len());
    }
    // Random bytes do not shrink.
    let hashes = (0..2_000_u64).map(|number| Hash::new().number(number).finish().to_be_bytes());
    assert!(gzip.body(&hashes.flatten().collect::<Vec<_>>()).is_none());
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Read {
    metric_data: Vec<ReadDatum>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct ReadDatum {
    timestamp: Required<f64, 1>,
    values: Vec<f64>,
    counts: Vec<f64>,
    storage_resolution: i64,
}

#[test]
fn a_datum_has_the_numbers_of_its_point() {
    let points: [(i64, &[f64], &[f64]); 2] = [(60, &[1.5, 2.0], &[1.0, 3.0]), (61, &[7.0], &[9.0])];
    let mut puts = Puts::new("Meerkat", false);
    puts.add(&metric(1), 60, points.map(|(time, values, counts)| Datapoint { time, values, counts }).into_iter());
    let read: Read = ciborium::from_reader(&puts.finish()[0].1.bytes[..]).unwrap();
    let expected = [(60.0, points[0]), (61.0, points[1])].map(|(time, (_, values, counts))| ReadDatum {
        timestamp: Required(time),
        values: values.into(),
        counts: counts.into(),
        storage_resolution: 60,
    });
    assert_eq!(read.metric_data, expected);
}
