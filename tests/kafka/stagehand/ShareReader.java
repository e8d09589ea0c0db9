import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A member of a share group (KIP-932) that acknowledges what it gets, at most {@code rate} records a second, or {@code take=N} records and
 * then no more until a command demands it. The record at {@code release=OFFSET} of any partition it releases as often as it is delivered, each time
 * after {@code hold} milliseconds.
 */
final class ShareReader implements Reader {
    private final Admin admin;
    private final String name;
    private final String group;
    private final KafkaShareConsumer<byte[], byte[]> consumer;
    private final Thread thread;
    private final double rate;
    private final Deque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
    private final AtomicLong taken;
    private volatile long holdMs;
    private volatile long released;
    private volatile boolean paused;
    private volatile boolean done;
    private volatile Throwable failure;

    ShareReader(String bootstrap, Admin admin, String name, String group, String topic, Stagehand.Words words) throws Exception {
        this.admin = admin;
        this.name = name;
        this.group = group;
        this.rate = words.option("rate", 0);
        this.released = words.option("release", -1);
        this.holdMs = words.option("hold", 0);
        this.taken = new AtomicLong(words.option("take", Long.MAX_VALUE));
        set("share.auto.offset.reset", words.option("reset", "earliest"));
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", group);
        properties.put("client.id", name);
        properties.put("share.acknowledgement.mode", "explicit");
        properties.put("fetch.max.wait.ms", "50");
        properties.put("max.poll.records", rate > 0 ? "1" : "500");
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        this.consumer = new KafkaShareConsumer<>(properties, bytes, bytes);
        this.consumer.subscribe(List.of(topic));
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
    }

    private void set(String key, String value) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
    }

    /** Paused, it stays a member and reads nothing. */
    @Override
    public Object command(String command, Stagehand.Words words) {
        switch (command) {
            case "pause" -> paused = true;
            case "resume" -> paused = false;
            case "release" -> {
                released = words.number("OFFSET");
                holdMs = words.option("hold", holdMs);
            }
            case "take" -> taken.addAndGet(words.number("COUNT"));
            default -> throw new UnsupportedOperationException("a share consumer cannot " + command);
        }
        return "";
    }

    private void run() {
        try (consumer) {
            while (!done) {
                turn();
            }
        } catch (Throwable thrown) {
            failure = thrown;
        }
    }

    private void turn() throws InterruptedException {
        if (paused) {
            Thread.sleep(20); // the member lives by its heartbeats
            return;
        }
        if (waiting.isEmpty()) {
            consumer.poll(Duration.ofMillis(50)).forEach(waiting::add);
        } else if (taken.get() == 0) {
            Thread.sleep(20); // it may not ask for more before all of this is acknowledged
        }
        int count = 0;
        ConsumerRecord<byte[], byte[]> held = null;
        while (!waiting.isEmpty() && taken.get() > 0) {
            ConsumerRecord<byte[], byte[]> record = waiting.remove();
            if (record.offset() == released) {
                held = record;
            } else {
                consumer.acknowledge(record, AcknowledgeType.ACCEPT);
                taken.decrementAndGet();
                count++;
            }
        }
        if (count > 0) {
            consumer.commitSync(Duration.ofSeconds(10));
            if (rate > 0) {
                Thread.sleep((long) (1_000 * count / rate));
            }
        }
        if (held != null) {
            for (long begin = System.nanoTime() / 1_000_000; !done && System.nanoTime() / 1_000_000 < begin + holdMs; ) {
                Thread.sleep(20);
            }
            consumer.acknowledge(held, AcknowledgeType.RELEASE);
            consumer.commitSync(Duration.ofSeconds(10));
        }
    }

    @Override
    public void start() throws Exception {
        thread.start();
        Patience patience = new Patience(30_000, "no assignment in share group " + group);
        while (!assigned()) {
            if (failure != null) {
                throw new IllegalStateException(failure.toString());
            }
            patience.spend();
        }
    }

    private boolean assigned() {
        try {
            return admin.describeShareGroups(List.of(group)).all().get().get(group).members().stream()
                    .anyMatch(member -> member.clientId().equals(name) && !member.assignment().topicPartitions().isEmpty());
        } catch (Exception notYet) {
            return false;
        }
    }

    @Override
    public void leave() throws Exception {
        done = true;
        thread.join(10_000);
        if (failure != null) {
            throw new IllegalStateException(failure.toString());
        }
    }
}
