import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer on a thread of its own. It commits its positions, changed or not, every {@code commit-every} milliseconds, as automatic
 * commits do, and reads at most {@code rate} records a second.
 */
final class ConsumerReader implements Reader {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long DEADLINE_MS = 30_000;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread thread;
    private final LinkedBlockingQueue<FutureTask<?>> asked = new LinkedBlockingQueue<>();
    private final String topic;
    private final boolean subscribes;
    private final boolean matches;
    private final long commitEveryMs;
    private final double rate;
    private final long wanted;
    private volatile Throwable failure;
    private volatile boolean done;
    private boolean paused;
    private boolean silent;
    private final Set<Integer> held = new HashSet<>();
    private long nextCommit;
    private double nextRead;

    ConsumerReader(String bootstrap, String name, String protocol, String group, String topic, Stagehand.Words words) {
        this.topic = topic;
        this.subscribes = !protocol.equals("assign");
        this.matches = words.flag("matching");
        String commitEvery = words.option("commit-every", "100");
        this.commitEveryMs = commitEvery.equals("never") ? Long.MAX_VALUE : Long.parseLong(commitEvery);
        this.rate = words.option("rate", 0);
        this.wanted = words.option("assigned", 1);
        long session = words.option("session", 30_000);
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", group);
        properties.put("client.id", name);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", words.option("reset", "earliest"));
        properties.put("fetch.max.wait.ms", "50");
        properties.put("max.poll.records", rate > 0 ? Long.toString(Math.max(1, Math.round(rate / 20))) : "500");
        String instance = words.option("instance", "");
        if (!instance.isEmpty()) {
            properties.put("group.instance.id", instance);
        }
        if (protocol.equals("consumer")) {
            properties.put("group.protocol", "consumer");
        } else {
            properties.put("session.timeout.ms", Long.toString(session));
            properties.put("heartbeat.interval.ms", Long.toString(Math.min(500, session / 3)));
        }
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        this.consumer = new KafkaConsumer<>(properties, bytes, bytes);
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
    }

    @Override
    public void start() throws Exception {
        thread.start();
        Patience patience = new Patience(DEADLINE_MS, "no assignment after " + DEADLINE_MS + " ms");
        while (!ask(this::assigned)) {
            patience.spend();
        }
    }

    private boolean assigned() {
        boolean member = !subscribes || !consumer.groupMetadata().memberId().isEmpty();
        return member && consumer.assignment().size() >= wanted;
    }

    /** Stays a member and keeps committing where it stands, unless {@code silently}, but reads nothing. */
    Object pause(boolean silently) throws Exception {
        return ask(() -> {
            paused = true;
            silent = silently;
            return "";
        });
    }

    /** Reads on in all partitions but this one, as if it could not process the record there. */
    Object hold(int partition) throws Exception {
        return ask(() -> {
            held.add(partition);
            return "";
        });
    }

    Object resume() throws Exception {
        return ask(() -> {
            paused = false;
            silent = false;
            held.clear();
            return "";
        });
    }

    /** Moves every assigned partition to the offset and, if it commits at all, commits that. */
    Object seek(long offset) throws Exception {
        return ask(() -> {
            consumer.assignment().forEach(partition -> consumer.seek(partition, offset));
            if (commitEveryMs != Long.MAX_VALUE) {
                consumer.commitSync();
            }
            return "";
        });
    }

    Object position(String topic, int partition) throws Exception {
        return ask(() -> consumer.position(new TopicPartition(topic, partition)));
    }

    Object assignment() throws Exception {
        return ask(() -> consumer.assignment().stream().map(TopicPartition::toString).sorted().collect(Collectors.joining(" ")));
    }

    @Override
    public void leave() throws Exception {
        if (failure == null && thread.isAlive()) {
            ask(() -> {
                done = true;
                if (commitEveryMs != Long.MAX_VALUE && !silent) {
                    consumer.commitSync();
                }
                consumer.close(Duration.ofSeconds(10));
                return "";
            });
            thread.join(DEADLINE_MS);
        }
    }

    /** Runs a question on the consumer's thread, the only one that may touch it. */
    private <T> T ask(Callable<T> question) throws Exception {
        FutureTask<T> task = new FutureTask<>(question);
        asked.add(task);
        Patience patience = new Patience(DEADLINE_MS, "the consumer does not answer");
        while (true) {
            if (failure != null) {
                throw new ExecutionException(failure);
            }
            try {
                return task.get(20, TimeUnit.MILLISECONDS);
            } catch (java.util.concurrent.TimeoutException later) {
                patience.spend();
            }
        }
    }

    private void run() {
        try {
            if (matches) {
                // The client has it from 4.0 on.
                Class<?> pattern = Class.forName("org.apache.kafka.clients.consumer.SubscriptionPattern");
                KafkaConsumer.class.getMethod("subscribe", pattern).invoke(consumer, pattern.getConstructor(String.class).newInstance(topic));
            } else if (subscribes) {
                consumer.subscribe(List.of(topic));
            } else {
                consumer.assign(consumer.partitionsFor(topic).stream().map(ConsumerReader::partition).toList());
            }
            while (!done) {
                turn();
            }
        } catch (Throwable thrown) {
            failure = thrown;
        }
    }

    private void turn() {
        boolean reads = !paused && System.nanoTime() / 1e9 >= nextRead;
        if (reads) {
            consumer.resume(consumer.assignment());
            consumer.pause(consumer.assignment().stream().filter(partition -> held.contains(partition.partition())).toList());
        } else {
            consumer.pause(consumer.assignment());
        }
        int count = consumer.poll(POLL).count();
        if (rate > 0) {
            nextRead = Math.max(nextRead, System.nanoTime() / 1e9 - 0.1) + count / rate;
        }
        long now = System.nanoTime() / 1_000_000;
        if (!silent && commitEveryMs != Long.MAX_VALUE && now >= nextCommit && !consumer.assignment().isEmpty()) {
            nextCommit = now + commitEveryMs;
            try {
                consumer.commitSync();
            } catch (RebalanceInProgressException | CommitFailedException later) {
                nextCommit = now;
            }
        }
        for (FutureTask<?> task; !done && (task = asked.poll()) != null; ) {
            task.run();
        }
    }

    private static TopicPartition partition(PartitionInfo info) {
        return new TopicPartition(info.topic(), info.partition());
    }
}
