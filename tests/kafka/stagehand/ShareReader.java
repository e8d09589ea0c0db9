import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A member of a share group (KIP-932) that acknowledges whatever it gets. */
final class ShareReader implements Reader {
    private final Admin admin;
    private final String name;
    private final String group;
    private final KafkaShareConsumer<byte[], byte[]> consumer;
    private final Thread thread;
    private volatile boolean done;
    private volatile Throwable failure;

    ShareReader(String bootstrap, Admin admin, String name, String group, String topic) throws Exception {
        this.admin = admin;
        this.name = name;
        this.group = group;
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        AlterConfigOp earliest = new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(earliest))).all().get();
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("group.id", group);
        properties.put("client.id", name);
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        this.consumer = new KafkaShareConsumer<>(properties, bytes, bytes);
        this.consumer.subscribe(List.of(topic));
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
    }

    private void run() {
        try (consumer) {
            while (!done) {
                consumer.poll(Duration.ofMillis(50));
            }
        } catch (Throwable thrown) {
            failure = thrown;
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
    }
}
