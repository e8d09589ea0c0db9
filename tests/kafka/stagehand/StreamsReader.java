import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

/**
 * A Kafka Streams application in a streams group (KIP-1071). With {@code counting} it has two parts: one gives each record another key, the
 * other counts them, so that there is a repartition topic ({@code GROUP-by-size-repartition}) and a changelog ({@code GROUP-counts-changelog}). With
 * {@code not-ready} it is not waited for: its topic is missing.
 */
final class StreamsReader implements Reader {
    private final KafkaStreams streams;
    private final boolean ready;

    StreamsReader(String bootstrap, Admin admin, String name, String group, String topic, Stagehand.Words words) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("application.id", group);
        properties.put("client.id", name);
        properties.put("group.protocol", "streams");
        properties.put("commit.interval.ms", "100");
        properties.put("auto.offset.reset", "earliest");
        properties.put("state.dir", Files.createTempDirectory("streams").toString());
        properties.put("default.key.serde", Serdes.ByteArraySerde.class.getName());
        properties.put("default.value.serde", Serdes.ByteArraySerde.class.getName());
        StreamsBuilder builder = new StreamsBuilder();
        if (words.flag("counting")) {
            builder.<byte[], byte[]>stream(topic)
                    .selectKey((key, value) -> value.length)
                    .groupByKey(Grouped.with("by-size", Serdes.Integer(), Serdes.ByteArray()))
                    .count(Materialized.<Integer, Long>as(Stores.inMemoryKeyValueStore("counts")).withKeySerde(Serdes.Integer()));
        } else {
            builder.stream(topic).foreach((key, value) -> {});
        }
        this.streams = new KafkaStreams(builder.build(), properties);
        this.ready = !words.flag("not-ready");
        if (!ready) {
            // An application gives up when topics are missing for two heartbeats.
            ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
            AlterConfigOp slow = new AlterConfigOp(new ConfigEntry("streams.heartbeat.interval.ms", "15000"), AlterConfigOp.OpType.SET);
            AlterConfigOp patient = new AlterConfigOp(new ConfigEntry("streams.session.timeout.ms", "45000"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(slow, patient))).all().get();
        }
    }

    @Override
    public void start() throws Exception {
        streams.start();
        Patience patience = new Patience(30_000, "the streams application does not run");
        while (ready && streams.state() != KafkaStreams.State.RUNNING) {
            if (streams.state().hasCompletedShutdown()) {
                throw new IllegalStateException("the streams application ended: " + streams.state());
            }
            patience.spend();
        }
    }

    @Override
    public void leave() {
        streams.close(new KafkaStreams.CloseOptions().timeout(Duration.ofSeconds(10)).leaveGroup(true));
    }
}
