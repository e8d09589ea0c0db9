//! The structure of the supported answers, from Kafka's message schemas (`clients/src/main/resources/common/message`).

use kafka_protocol::messages::{
    api_versions_response, consumer_group_describe_response, consumer_protocol_assignment,
    consumer_protocol_subscription, describe_groups_response, find_coordinator_response, list_groups_response,
    list_offsets_response, metadata_response, offset_fetch_response, share_group_describe_response,
};

use super::FieldKind::{Bytes, Fixed, Numbers, Struct, Tagged, Text, Texts};
use super::{Field, FieldKind, Shape};
use crate::kafka::protocol::versions::Api;

/// The answer to a request that the codec decodes; `None` for those that this client decodes itself.
pub(crate) fn of(api: Api) -> Option<&'static Shape> {
    Some(match api {
        Api::ListOffsets => &LIST_OFFSETS,
        Api::Metadata => &METADATA,
        Api::OffsetFetch => &OFFSET_FETCH,
        Api::FindCoordinator => &FIND_COORDINATOR,
        Api::DescribeGroups => &DESCRIBE_GROUPS,
        Api::ListGroups => &LIST_GROUPS,
        Api::SaslHandshake => &SASL_HANDSHAKE,
        Api::ApiVersions => &API_VERSIONS,
        Api::SaslAuthenticate => &SASL_AUTHENTICATE,
        Api::ConsumerGroupDescribe => &CONSUMER_GROUP_DESCRIBE,
        Api::ShareGroupDescribe => &SHARE_GROUP_DESCRIBE,
        Api::StreamsGroupDescribe | Api::DescribeShareGroupOffsets => return None,
    })
}

const LIST_OFFSETS: Shape = Shape {
    flexible: 6,
    fields: &[
        from(2, INT32), // throttle time
        all(items::<list_offsets_response::ListOffsetsTopicResponse>(&[
            all(Text),
            all(items::<list_offsets_response::ListOffsetsPartitionResponse>(&[
                all(Fixed(4 + 2 + 8 + 8)),
                from(4, INT32),
            ])),
        ])),
    ],
};

const METADATA: Shape = Shape {
    flexible: 9,
    fields: &[
        from(3, INT32), // throttle time
        all(items::<metadata_response::MetadataResponseBroker>(&[all(INT32), all(Text), all(INT32), from(1, Text)])),
        from(2, Text),  // the cluster's id
        from(1, INT32), // the controller
        all(items::<metadata_response::MetadataResponseTopic>(&[
            all(INT16),
            all(Text),
            from(10, UUID),
            from(1, Fixed(1)), // whether it is internal
            all(items::<metadata_response::MetadataResponsePartition>(&[
                all(Fixed(2 + 4 + 4)),
                from(7, INT32), // the leader's epoch
                all(Numbers(4)),
                all(Numbers(4)),
                from(5, Numbers(4)), // replicas that are offline
            ])),
            from(8, INT32), // permissions
        ])),
        Field(8, 10, INT32), // permissions
        from(13, INT16),
    ],
};

const OFFSET_FETCH: Shape = Shape {
    flexible: 6,
    fields: &[
        from(3, INT32), // throttle time
        Field(
            0,
            7,
            items::<offset_fetch_response::OffsetFetchResponseTopic>(&[
                all(Text),
                all(items::<offset_fetch_response::OffsetFetchResponsePartition>(&[
                    all(Fixed(4 + 8)),
                    from(5, INT32),
                    all(Text),
                    all(INT16),
                ])),
            ]),
        ),
        Field(2, 7, INT16),
        from(
            8,
            items::<offset_fetch_response::OffsetFetchResponseGroup>(&[
                all(Text),
                all(items::<offset_fetch_response::OffsetFetchResponseTopics>(&[
                    Field(8, 9, Text),
                    from(10, UUID),
                    all(items::<offset_fetch_response::OffsetFetchResponsePartitions>(&[
                        all(Fixed(4 + 8 + 4)),
                        all(Text),
                        all(INT16),
                    ])),
                ])),
                all(INT16),
            ]),
        ),
    ],
};

const FIND_COORDINATOR: Shape = Shape {
    flexible: 3,
    fields: &[
        from(1, INT32), // throttle time
        Field(0, 3, INT16),
        Field(1, 3, Text),
        Field(0, 3, INT32),
        Field(0, 3, Text),
        Field(0, 3, INT32),
        from(
            4,
            items::<find_coordinator_response::Coordinator>(&[
                all(Text),
                all(INT32),
                all(Text),
                all(Fixed(4 + 2)),
                all(Text),
            ]),
        ),
    ],
};

const DESCRIBE_GROUPS: Shape = Shape {
    flexible: 5,
    fields: &[
        from(1, INT32), // throttle time
        all(items::<describe_groups_response::DescribedGroup>(&[
            all(INT16),
            from(6, Text), // the code in words
            all(Text),
            all(Text),
            all(Text),
            all(Text),
            all(items::<describe_groups_response::DescribedGroupMember>(&[
                all(Text),
                from(4, Text),
                all(Text),
                all(Text),
                all(Bytes),
                all(Bytes),
            ])),
            from(3, INT32), // permissions
        ])),
    ],
};

const LIST_GROUPS: Shape = Shape {
    flexible: 3,
    fields: &[
        from(1, INT32), // throttle time
        all(INT16),
        all(items::<list_groups_response::ListedGroup>(&[all(Text), all(Text), from(4, Text), from(5, Text)])),
    ],
};

const SASL_HANDSHAKE: Shape = Shape { flexible: NEVER, fields: &[all(INT16), all(Texts)] };

const API_VERSIONS: Shape = Shape {
    flexible: 3,
    fields: &[
        all(INT16),
        all(items::<api_versions_response::ApiVersion>(&[all(Fixed(2 + 2 + 2))])),
        from(1, INT32), // throttle time
        all(Tagged(&[
            (0, items::<api_versions_response::SupportedFeatureKey>(&[all(Text), all(Fixed(2 + 2))])),
            (1, INT64),
            (2, items::<api_versions_response::FinalizedFeatureKey>(&[all(Text), all(Fixed(2 + 2))])),
            (3, Fixed(1)),
        ])),
    ],
};

const SASL_AUTHENTICATE: Shape = Shape { flexible: 2, fields: &[all(INT16), all(Text), all(Bytes), from(1, INT64)] };

const CONSUMER_GROUP_DESCRIBE: Shape = Shape {
    flexible: 0,
    fields: &[
        all(INT32), // throttle time
        all(items::<consumer_group_describe_response::DescribedGroup>(&[
            all(INT16),
            all(Text),
            all(Text),
            all(Text),
            all(Fixed(4 + 4)),
            all(Text),
            all(items::<consumer_group_describe_response::Member>(&[
                all(Text),
                all(Text),
                all(Text),
                all(INT32),
                all(Text),
                all(Text),
                all(Texts),
                all(Text),
                all(Struct(ASSIGNED)),
                all(Struct(ASSIGNED)),
                from(1, Fixed(1)), // whether it is a classic member
            ])),
            all(INT32), // permissions
        ])),
    ],
};

const SHARE_GROUP_DESCRIBE: Shape = Shape {
    flexible: 0,
    fields: &[
        all(INT32), // throttle time
        all(items::<share_group_describe_response::DescribedGroup>(&[
            all(INT16),
            all(Text),
            all(Text),
            all(Text),
            all(Fixed(4 + 4)),
            all(Text),
            all(items::<share_group_describe_response::Member>(&[
                all(Text),
                all(Text),
                all(INT32),
                all(Text),
                all(Text),
                all(Texts),
                all(Struct(ASSIGNED)),
            ])),
            all(INT32), // permissions
        ])),
    ],
};

/// The assignment of a member, which both kinds of groups encode alike.
const ASSIGNED: &[Field] =
    &[all(items::<consumer_group_describe_response::TopicPartitions>(&[all(UUID), all(Text), all(Numbers(4))]))];

/// What a consumer of a classic group subscribes to (`ConsumerProtocolSubscription`).
pub(crate) const SUBSCRIPTION: Shape = Shape {
    flexible: NEVER,
    fields: &[
        all(Texts),
        all(Bytes),
        from(1, items::<consumer_protocol_subscription::TopicPartition>(&[all(Text), all(Numbers(4))])),
        from(2, INT32), // the generation
        from(3, Text),  // the rack
    ],
};

/// What it was assigned (`ConsumerProtocolAssignment`).
pub(crate) const ASSIGNMENT: Shape = Shape {
    flexible: NEVER,
    fields: &[all(items::<consumer_protocol_assignment::TopicPartition>(&[all(Text), all(Numbers(4))])), all(Bytes)],
};

const INT16: FieldKind = Fixed(2);
const INT32: FieldKind = Fixed(4);
const INT64: FieldKind = Fixed(8);
const UUID: FieldKind = Fixed(16);

/// No version has it.
const NEVER: i16 = i16::MAX;

/// An array of structures, each of which is a `T` in memory.
const fn items<T>(fields: &'static [Field]) -> FieldKind {
    FieldKind::Items(size_of::<T>(), fields)
}

/// A field that every version has.
const fn all(kind: FieldKind) -> Field {
    from(0, kind)
}

/// A field from this version on.
const fn from(version: i16, kind: FieldKind) -> Field {
    Field(version, i16::MAX, kind)
}
