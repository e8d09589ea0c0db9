import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Records, plain ones and those of transactions that are left open. */
final class Writers implements AutoCloseable {
    private final String bootstrap;
    private final KafkaProducer<byte[], byte[]> plain;
    private final Topics topics;
    private final Map<String, Open> open = new HashMap<>();

    /** A transaction that is not ended, the one partition it wrote to, and what it commits of which groups. */
    private record Open(KafkaProducer<byte[], byte[]> producer, TopicPartition partition, Map<String, Map<TopicPartition, OffsetAndMetadata>> commits) {}

    Writers(String bootstrap, Topics topics) {
        this.bootstrap = bootstrap;
        this.topics = topics;
        Properties properties = new Properties();
        properties.put("enable.idempotence", "false");
        properties.put("max.in.flight.requests.per.connection", "1");
        this.plain = producer(properties);
    }

    void teach(Stagehand stagehand) {
        stagehand.command("produce TOPIC PARTITION COUNT [timestamp=MS] [step=MS] [size=BYTES] [keys=N]", words -> {
            TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
            return write(plain, partition, words);
        });
        stagehand.command("begin-transaction NAME TOPIC PARTITION COUNT [timestamp=MS] [step=MS] [size=BYTES]", this::begin);
        stagehand.command("commit-in-transaction NAME GROUP TOPIC PARTITION OFFSET", this::commitWithin);
        stagehand.command("end-transaction NAME commit|abort", this::end);
    }

    private Object begin(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        Properties properties = new Properties();
        properties.put("transactional.id", name);
        properties.put("transaction.timeout.ms", "900000");
        if (open.containsKey(name)) {
            throw new IllegalStateException(name + " is open already");
        }
        KafkaProducer<byte[], byte[]> producer = producer(properties);
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        try {
            producer.initTransactions();
            producer.beginTransaction();
            Object last = write(producer, partition, words);
            open.put(name, new Open(producer, partition, new HashMap<>()));
            return last;
        } catch (Exception failed) {
            producer.close(Duration.ZERO);
            throw failed;
        }
    }

    /** Commits an offset of a group within an open transaction; it counts when that ends. */
    @SuppressWarnings("removal") // what would replace it is newer than the oldest client here
    private Object commitWithin(Stagehand.Words words) throws Exception {
        Open transaction = open.get(words.word("NAME"));
        String group = words.word("GROUP");
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        OffsetAndMetadata offset = new OffsetAndMetadata(words.number("OFFSET"));
        transaction.producer().sendOffsetsToTransaction(Map.of(partition, offset), new ConsumerGroupMetadata(group));
        transaction.commits().computeIfAbsent(group, none -> new HashMap<>()).put(partition, offset);
        return "";
    }

    /** Ends it and waits for its marker, the record that ends a transaction in each partition, and until its commits count. */
    private Object end(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        boolean commit = words.word("commit|abort").equals("commit");
        Open transaction = open.remove(name);
        if (transaction == null) {
            throw new IllegalStateException("no open transaction " + name);
        }
        try (KafkaProducer<byte[], byte[]> producer = transaction.producer()) {
            long before = topics.offset(transaction.partition(), OffsetSpec.latest());
            if (commit) {
                producer.commitTransaction();
            } else {
                producer.abortTransaction();
            }
            Patience patience = new Patience(30_000, "no marker ends transaction " + name);
            while (topics.offset(transaction.partition(), OffsetSpec.latest()) <= before) {
                patience.spend();
            }
            for (var commits : (commit ? transaction.commits() : Map.<String, Map<TopicPartition, OffsetAndMetadata>>of()).entrySet()) {
                while (!counts(commits.getKey(), commits.getValue())) {
                    patience.spend();
                }
            }
        }
        return "";
    }

    /** Whether the group's coordinator has these commits: it adds those of a transaction a moment after the marker. */
    private boolean counts(String group, Map<TopicPartition, OffsetAndMetadata> commits) throws Exception {
        var found = topics.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        return commits.entrySet().stream().allMatch(commit -> {
            OffsetAndMetadata there = found.get(commit.getKey());
            return there != null && there.offset() == commit.getValue().offset();
        });
    }

    /**
     * Writes the records; answers the offset of the last one. With {@code keys=N} they carry N keys in turn; with {@code keys=0} each has
     * one that no other record has.
     */
    private Object write(KafkaProducer<byte[], byte[]> producer, TopicPartition partition, Stagehand.Words words) throws Exception {
        long count = words.number("COUNT");
        long timestamp = words.option("timestamp", -1);
        long step = words.option("step", 0);
        byte[] value = new byte[(int) words.option("size", 10)];
        long keys = words.option("keys", -1);
        AtomicReference<Exception> failure = new AtomicReference<>();
        AtomicReference<Long> last = new AtomicReference<>(-1L);
        for (long at = 0; at < count; at++) {
            Long when = timestamp < 0 ? null : Long.valueOf(timestamp + at * step);
            byte[] key = keys < 0 ? null : (keys == 0 ? "only " + when + " " + at : "key " + at % keys).getBytes(StandardCharsets.UTF_8);
            producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), when, key, value), (written, failed) -> {
                if (failed == null) {
                    last.accumulateAndGet(written.offset(), Math::max);
                } else {
                    failure.compareAndSet(null, failed);
                }
            });
        }
        producer.flush();
        if (failure.get() != null) {
            throw new ExecutionException(failure.get());
        }
        return last.get();
    }

    private KafkaProducer<byte[], byte[]> producer(Properties properties) {
        properties.put("bootstrap.servers", bootstrap);
        properties.put("linger.ms", "0");
        properties.put("acks", "all");
        properties.put("max.block.ms", "30000");
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public void close() {
        plain.close(Duration.ZERO);
        open.values().forEach(transaction -> transaction.producer().close(Duration.ZERO));
    }
}
