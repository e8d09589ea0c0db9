import java.nio.file.Files;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;

/** A Kafka Streams application without state, in a streams group (KIP-1071). */
final class StreamsReader implements Reader {
    private final KafkaStreams streams;

    StreamsReader(String bootstrap, Admin admin, String name, String group, String topic) throws Exception {
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
        builder.stream(topic).foreach((key, value) -> {});
        this.streams = new KafkaStreams(builder.build(), properties);
    }

    @Override
    public void start() throws Exception {
        streams.start();
        Patience patience = new Patience(30_000, "the streams application does not run");
        while (streams.state() != KafkaStreams.State.RUNNING) {
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
