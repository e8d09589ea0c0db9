"""The age of the record at one offset of every partition, by a consumer that reads them: read_ages.py BOOTSTRAP CA TOPIC PARTITIONS OFFSET."""

import json
import sys
import time

from confluent_kafka import Consumer, TopicPartition

bootstrap, ca, topic, partitions, offset = sys.argv[1:]
consumer = Consumer(
    {
        "bootstrap.servers": bootstrap,
        "security.protocol": "SSL",
        "ssl.ca.location": ca,
        "group.id": "read-ages",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
    }
)
consumer.assign([TopicPartition(topic, partition, int(offset)) for partition in range(int(partitions))])
ages = {}
while len(ages) < int(partitions):
    for record in consumer.consume(10_000, timeout=5.0):
        if record.error():
            raise SystemExit(str(record.error()))
        if record.offset() == int(offset):
            ages[record.partition()] = time.time() - record.timestamp()[1] / 1000
            consumer.pause([TopicPartition(topic, record.partition())])
print(json.dumps(ages))
consumer.close()
