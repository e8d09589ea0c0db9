"""The comparison: what a script with confluent-kafka does to compute every group's lag. Prints one JSON object."""

import json
import sys

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

bootstrap, ca = sys.argv[1:]
admin = AdminClient({"bootstrap.servers": bootstrap, "security.protocol": "SSL", "ssl.ca.location": ca})

names = [group.group_id for group in admin.list_consumer_groups(request_timeout=60).result().valid]
described = admin.describe_consumer_groups(names, request_timeout=60)
asked = [(name, admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)], request_timeout=60)) for name in names]
commits = {name: answer[name].result().topic_partitions for name, answer in asked}

wanted = {(commit.topic, commit.partition) for of_group in commits.values() for commit in of_group}
specs = {TopicPartition(topic, partition): OffsetSpec.latest() for topic, partition in wanted}
ends = {(at.topic, at.partition): answer.result().offset for at, answer in admin.list_offsets(specs, request_timeout=60).items()}

groups = []
for name in names:
    group = described[name].result()
    lags = [
        {"topic": commit.topic, "partition": commit.partition, "lag": ends[commit.topic, commit.partition] - commit.offset}
        for commit in commits[name]
    ]
    groups.append({"group": name, "state": group.state.name, "members": len(group.members), "partitions": lags})
json.dump(groups, sys.stdout)
