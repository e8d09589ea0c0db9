import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The readers on stage, by name. */
final class Readers implements AutoCloseable {
    private final String bootstrap;
    private final Admin admin;
    private final Map<String, Reader> byName = new HashMap<>();

    Readers(String bootstrap, Admin admin) {
        this.bootstrap = bootstrap;
        this.admin = admin;
    }

    void teach(Stagehand stagehand) {
        stagehand.command(
                "join NAME classic|consumer|share|streams GROUP TOPIC [commit-every=MS|never] [rate=PER_SECOND] [session=MS]"
                        + " [reset=earliest|latest] [assigned=N] [instance=ID] [release=OFFSET] [hold=MS] [take=N] [matching] [counting] [not-ready] [apart]",
                this::join);
        stagehand.command("assign NAME GROUP TOPIC [commit-every=MS|never] [rate=PER_SECOND] [reset=earliest|latest] [apart]", this::assign);
        command(stagehand, "hold NAME PARTITION", (consumer, words) -> consumer.hold(words.integer("PARTITION")));
        command(stagehand, "pause NAME [silent]", (consumer, words) -> consumer.pause(words.flag("silent")));
        command(stagehand, "resume NAME", (consumer, words) -> consumer.resume());
        command(stagehand, "seek NAME OFFSET", (consumer, words) -> consumer.seek(words.number("OFFSET")));
        command(stagehand, "position NAME TOPIC PARTITION", (consumer, words) -> consumer.position(words.word("TOPIC"), words.integer("PARTITION")));
        command(stagehand, "assignment NAME", (consumer, words) -> consumer.assignment());
        command(stagehand, "release NAME OFFSET [hold=MS]", null);
        command(stagehand, "take NAME COUNT", null);
        stagehand.command("leave NAME", words -> {
            remove(words).leave();
            return "";
        });
        stagehand.command("crash NAME", this::crash);
        stagehand.command("read-age TOPIC PARTITION OFFSET [isolation=read_committed]", this::readAge);
    }

    private interface Command {
        Object run(ConsumerReader consumer, Stagehand.Words words) throws Exception;
    }

    /** A command to one reader, here or in its own process; {@code command} is how consumers follow it. */
    private void command(Stagehand stagehand, String usage, Command command) {
        stagehand.command(usage, words -> {
            String name = words.word("NAME");
            Reader reader = byName.get(name);
            if (reader instanceof RemoteReader remote) {
                return remote.command(words.line);
            }
            if (reader instanceof ConsumerReader consumer && command != null) {
                return command.run(consumer, words);
            }
            if (reader != null) {
                return reader.command(usage.split(" ")[0], words);
            }
            throw new IllegalArgumentException("no reader on stage is called " + name);
        });
    }

    private Object join(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        String protocol = words.word("classic|consumer|share|streams");
        String group = words.word("GROUP");
        String topic = words.word("TOPIC");
        if (words.flag("apart")) {
            return start(name, new RemoteReader(bootstrap, words.line.replaceAll(" apart\\b", "")));
        }
        return start(name, switch (protocol) {
            case "classic", "consumer" -> new ConsumerReader(bootstrap, name, protocol, group, topic, words);
            case "share" -> optional("ShareReader", name, group, topic, words);
            case "streams" -> optional("StreamsReader", name, group, topic, words);
            default -> throw new IllegalArgumentException("no such protocol: " + protocol);
        });
    }

    private Object assign(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        if (words.flag("apart")) {
            return start(name, new RemoteReader(bootstrap, words.line.replaceAll(" apart\\b", "")));
        }
        return start(name, new ConsumerReader(bootstrap, name, "assign", words.word("GROUP"), words.word("TOPIC"), words));
    }

    private Object start(String name, Reader reader) throws Exception {
        if (byName.putIfAbsent(name, reader) != null) {
            throw new IllegalArgumentException(name + " is on stage already");
        }
        try {
            reader.start();
        } catch (Exception failed) {
            byName.remove(name);
            if (reader instanceof RemoteReader remote) {
                remote.crash();
            } else {
                reader.leave();
            }
            throw failed;
        }
        return reader instanceof ConsumerReader consumer ? consumer.assignment() : "";
    }

    /** A reader that is only compiled where the client has what it needs. */
    private Reader optional(String type, String name, String group, String topic, Stagehand.Words words) throws Exception {
        try {
            var constructor = Class.forName(type)
                    .getDeclaredConstructor(String.class, Admin.class, String.class, String.class, String.class, Stagehand.Words.class);
            return (Reader) constructor.newInstance(bootstrap, admin, name, group, topic, words);
        } catch (ClassNotFoundException missing) {
            throw new UnsupportedOperationException("this release's client has no " + type);
        }
    }

    private Reader remove(Stagehand.Words words) {
        String name = words.word("NAME");
        Reader reader = byName.remove(name);
        if (reader == null) {
            throw new IllegalArgumentException("no reader on stage is called " + name);
        }
        return reader;
    }

    /** Kills a reader's process: it leaves no group, and the broker notices only at the end of the session. */
    private Object crash(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        if (!(byName.get(name) instanceof RemoteReader remote)) {
            throw new IllegalArgumentException("no reader in a process of its own is called " + name + "; join it with `apart`");
        }
        byName.remove(name);
        remote.crash();
        return "";
    }

    /** Reads the first record at or after the offset: its offset and timestamp, or {@code none} at the end of the log. */
    private Object readAge(Stagehand.Words words) {
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        long offset = words.number("OFFSET");
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("auto.offset.reset", "earliest");
        properties.put("isolation.level", words.option("isolation", "read_uncommitted"));
        properties.put("max.poll.records", "1");
        properties.put("fetch.max.wait.ms", "20");
        properties.put("allow.auto.create.topics", "false");
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            consumer.seek(partition, offset);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    return record.offset() + " " + record.timestamp();
                }
            }
            return "none";
        }
    }

    @Override
    public void close() throws Exception {
        for (Reader reader : byName.values()) {
            if (reader instanceof RemoteReader remote) {
                remote.crash();
            }
        }
    }
}
