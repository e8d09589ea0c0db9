#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use bytes::Bytes;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    ApiVersionsRequest, ConsumerGroupDescribeRequest, ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    DescribeGroupsRequest, FindCoordinatorRequest, ListGroupsRequest, ListOffsetsRequest, MetadataRequest,
    OffsetFetchRequest, SaslAuthenticateRequest, SaslHandshakeRequest, ShareGroupDescribeRequest,
};

use kafka_protocol::protocol::Decodable;

use super::*;
use crate::kafka::net::frame::{self, FrameError};
use crate::kafka::protocol::messages::{GroupOffsetsRequest, Question, ShareOffsetsRequest, StreamsDescribeRequest};
use crate::kafka::protocol::versions::Api;
use crate::kafka::survey::members::classic::embedded;

mod inputs;

use inputs::{kept, mutate, recorded};

/// Pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.roll(256)).unwrap()
    }
}

/// Writes an answer of a shape, as a broker would.
struct Pen<'d> {
    dice: &'d mut Dice,
    version: i16,
    flexible: bool,
    bytes: Vec<u8>,
}

impl Pen<'_> {
    fn structure(&mut self, fields: &[Field]) {
        let mut tagged: &[(usize, FieldKind)] = &[];
        for Field(from, to, kind) in fields {
            match kind {
                _ if !(*from..=*to).contains(&self.version) => {}
                FieldKind::Tagged(known) => tagged = known,
                kind => self.field(kind),
            }
        }
        if self.flexible {
            let unknown = usize::from(self.dice.roll(8) == 0);
            self.number(tagged.len() + unknown);
            for (tag, kind) in tagged {
                let before = std::mem::take(&mut self.bytes);
                self.field(kind);
                let value = std::mem::replace(&mut self.bytes, before);
                self.number(*tag);
                self.number(value.len());
                self.bytes.extend(value);
            }
            if unknown == 1 {
                self.number(99);
                self.number(3);
                self.bytes.extend(b"new");
            }
        }
    }

    fn field(&mut self, kind: &FieldKind) {
        match kind {
            FieldKind::Fixed(size) => self.fill(*size),
            FieldKind::Text => self.text(),
            FieldKind::Bytes => {
                let length = self.dice.roll(200);
                self.length(length);
                self.fill(length);
            }
            FieldKind::Numbers(size) => {
                let length = self.dice.roll(4);
                self.length(length);
                self.fill(length * size);
            }
            FieldKind::Texts => {
                let length = self.dice.roll(4);
                self.length(length);
                (0..length).for_each(|_| self.text());
            }
            FieldKind::Items(_, fields) => {
                let length = self.dice.roll(4);
                self.length(length);
                (0..length).for_each(|_| self.structure(fields));
            }
            FieldKind::Struct(fields) => self.structure(fields),
            FieldKind::Tagged(_) => unreachable!("it announces no bytes"),
        }
    }

    fn fill(&mut self, size: usize) {
        let filling: Vec<u8> = (0..size).map(|_| self.dice.byte()).collect();
        self.bytes.extend(filling);
    }

    fn text(&mut self) {
        let length = self.dice.roll(150);
        if self.flexible {
            self.number(length + 1);
        } else {
            self.bytes.extend(i16::try_from(length).unwrap().to_be_bytes());
        }
        self.bytes.extend(std::iter::repeat_n(b'a', length));
    }

    fn length(&mut self, length: usize) {
        if self.flexible {
            self.number(length + 1);
        } else {
            self.bytes.extend(i32::try_from(length).unwrap().to_be_bytes());
        }
    }

    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        self.bytes.push(u8::try_from(number).unwrap());
    }
}

/// An answer from its header on.
fn written(api: Api, version: i16, dice: &mut Dice) -> Vec<u8> {
    let shape = of(api).unwrap();
    let mut pen = Pen { dice, version, flexible: version >= shape.flexible, bytes: vec![0; 4] };
    // Brokers put no tagged fields into the header, and none at all into that of `ApiVersions`.
    if pen.flexible && api != Api::ApiVersions {
        pen.number(0);
    }
    pen.structure(shape.fields);
    pen.bytes
}

fn taken_apart(api: Api, version: i16, bytes: &[u8]) -> Result<(), FrameError> {
    fn with<Q: Question>(version: i16, bytes: &[u8]) -> Result<(), FrameError> {
        frame::decode::<Q>(Bytes::copy_from_slice(bytes), version, 0).map(drop)
    }
    let with = match api {
        Api::ListOffsets => with::<ListOffsetsRequest>,
        Api::Metadata => with::<MetadataRequest>,
        Api::OffsetFetch if version >= 8 => with::<GroupOffsetsRequest>,
        Api::OffsetFetch => with::<OffsetFetchRequest>,
        Api::FindCoordinator => with::<FindCoordinatorRequest>,
        Api::DescribeGroups => with::<DescribeGroupsRequest>,
        Api::ListGroups => with::<ListGroupsRequest>,
        Api::SaslHandshake => with::<SaslHandshakeRequest>,
        Api::ApiVersions => with::<ApiVersionsRequest>,
        Api::SaslAuthenticate => with::<SaslAuthenticateRequest>,
        Api::ConsumerGroupDescribe => with::<ConsumerGroupDescribeRequest>,
        Api::ShareGroupDescribe => with::<ShareGroupDescribeRequest>,
        Api::StreamsGroupDescribe => with::<StreamsDescribeRequest>,
        Api::DescribeShareGroupOffsets => with::<ShareOffsetsRequest>,
    };
    with(version, bytes)
}

/// Every answer that the codec decodes, in every requested version.
fn in_reach() -> impl Iterator<Item = (Api, i16)> {
    let shaped = Api::all().filter(|api| of(*api).is_some());
    shaped.flat_map(|api| (api.ours().min..=api.ours().max).map(move |version| (api, version)))
}

#[test]
fn every_version_of_every_answer_is_shaped_as_the_codec_has_it() {
    let mut dice = Dice(1);
    for (api, version) in in_reach() {
        for _ in 0..40 {
            let bytes = written(api, version, &mut dice);
            let whole = taken_apart(api, version, &bytes);
            assert!(whole.is_ok(), "{whole:?}: {bytes:02x?}");
            let end = dice.roll(bytes.len());
            let cut = taken_apart(api, version, &bytes[..end]);
            assert!(cut.is_err(), "{api:?} v{version}: {end} bytes of {bytes:02x?}");
        }
    }
}

#[test]
fn every_answer_of_a_recording_has_its_shape() {
    let answers = recorded();
    for (api, version, bytes) in &answers {
        let whole = taken_apart(*api, *version, bytes);
        assert!(whole.is_ok(), "{whole:?}");
    }
    for api in
        Api::all().filter(|api| !matches!(api, Api::FindCoordinator | Api::SaslHandshake | Api::SaslAuthenticate))
    {
        assert!(answers.iter().any(|(of, ..)| *of == api), "{api:?}");
    }
}

#[test]
fn what_consumers_write_is_shaped_as_the_codec_has_it() {
    let mut dice = Dice(2);
    for version in 0..=3 {
        for _ in 0..40 {
            let mut write = |shape: &Shape| {
                let mut pen = Pen { dice: &mut dice, version, flexible: false, bytes: Vec::new() };
                pen.structure(shape.fields);
                assert!(shape.weigh(&pen.bytes, version).is_ok());
                pen.bytes
            };
            let (subscription, assignment) = (write(&SUBSCRIPTION), write(&ASSIGNMENT));
            let (mut subscription, mut assignment) = (Bytes::from(subscription), Bytes::from(assignment));
            ConsumerProtocolSubscription::decode(&mut subscription, version).unwrap();
            ConsumerProtocolAssignment::decode(&mut assignment, version).unwrap();
            assert!(subscription.is_empty() && assignment.is_empty());
        }
    }
}

#[test]
fn entries_weigh_what_they_need_in_memory() {
    let shape = of(Api::ListGroups).unwrap();
    let three = b"\0\0\0\0\0\0\x04\x01\x01\x01\x01\0\x01\x01\x01\x01\0\x01\x01\x01\x01\0\0";
    assert_eq!(shape.weigh(three, 5), Ok(3 * size_of::<ListedGroup>()));
}

#[test]
fn an_answer_of_smallest_entries_is_refused_before_it_needs_memory() {
    let entries = 1_600_000;
    // Correlation id, no tags, throttle time, error code.
    let bytes = vec![0; 4 + 1 + 4 + 2];
    let mut pen = Pen { dice: &mut Dice(3), version: 5, flexible: true, bytes };
    pen.number(entries + 1);
    let mut bytes = pen.bytes;
    bytes.extend(b"\x01\x01\x01\x01\0".repeat(entries));
    bytes.push(0);
    let limit = 64 * 1024 * 1024;
    let refused = frame::decode::<ListGroupsRequest>(Bytes::from(bytes), 5, limit).unwrap_err();
    let FrameError::Heavy { weight, most, .. } = refused else { panic!("{refused}") };
    assert_eq!((weight, most), (entries * size_of::<ListedGroup>(), limit));
}

/// Messages that hostile peers may send: each line is API key, version and an answer from its header on.
#[test]
fn what_was_hostile_once_is_refused() {
    for (api, version, bytes) in kept() {
        let read = taken_apart(api, version, &bytes);
        assert!(read.is_err(), "{api:?} v{version}: {bytes:02x?}");
    }
}

/// In a process whose memory is limited: one reservation for an invented length ends it.
#[test]
fn no_mutation_of_an_answer_panics_or_needs_memory() {
    let bounded =
        "ulimit -v 400000 && exec \"$0\" --exact kafka::protocol::guard::tests::mutations --ignored --test-threads 1";
    let this = std::env::current_exe().unwrap();
    let run = Command::new("sh").arg("-c").arg(bounded).arg(this).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
#[ignore = "no_mutation_of_an_answer_panics_or_needs_memory runs it, with little memory"]
fn mutations() {
    let mut dice = Dice(4);
    let mut seeds = recorded();
    seeds.extend(kept());
    seeds.extend(in_reach().map(|(api, version)| (api, version, written(api, version, &mut dice))));
    let mutated = |bytes: &[u8], dice: &mut Dice| {
        let mut bytes = bytes.to_vec();
        (0..=dice.roll(3)).for_each(|_| mutate(&mut bytes, dice));
        bytes
    };
    for _ in 0..600 {
        for (api, version, bytes) in &seeds {
            let _ = taken_apart(*api, *version, &mutated(bytes, &mut dice));
        }
        // What anybody who joins a classic group may write: its coordinator passes it on unchanged.
        for (version, shape) in (0..=3_i16).flat_map(|version| [(version, &SUBSCRIPTION), (version, &ASSIGNMENT)]) {
            let mut pen = Pen { dice: &mut dice, version, flexible: false, bytes: version.to_be_bytes().into() };
            pen.structure(shape.fields);
            let bytes = Bytes::from(mutated(&pen.bytes, &mut dice));
            let _ = embedded::<ConsumerProtocolSubscription>(&bytes, &SUBSCRIPTION);
            let _ = embedded::<ConsumerProtocolAssignment>(&bytes, &ASSIGNMENT);
        }
    }
}
