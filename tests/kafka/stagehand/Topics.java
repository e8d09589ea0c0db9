import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Topics, their partitions' ends, and permissions. */
final class Topics implements AutoCloseable {
    private static final long DEADLINE_MS = 30_000;

    final Admin admin;
    private final Everywhere everywhere;

    Topics(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("default.api.timeout.ms", "30000");
        properties.put("request.timeout.ms", "20000");
        admin = Admin.create(properties);
        everywhere = new Everywhere(bootstrap);
    }

    void teach(Stagehand stagehand) {
        stagehand.command("create-topic NAME PARTITIONS [replicas=N] [CONFIG=VALUE …]", this::create);
        stagehand.command("delete-topic NAME", this::delete);
        stagehand.command("add-partitions NAME TOTAL", this::addPartitions);
        stagehand.command("list-topics", words -> String.join(" ", new TreeSet<>(admin.listTopics().names().get())));
        stagehand.command("delete-records TOPIC PARTITION BEFORE_OFFSET", this::deleteRecords);
        stagehand.command("ends TOPIC PARTITION", this::ends);
        stagehand.command("leaders TOPIC", this::leaders);
        stagehand.command("wait-led TOPIC PARTITIONS", this::waitLed);
        stagehand.command("wait-leaders TOPIC BROKER,BROKER,… [timeout=MS]", this::waitLeaders);
        stagehand.command("allow USER topic|group|cluster NAME OPERATION [pattern=prefixed]", this::allow);
        stagehand.command("forbid-all", words -> admin.deleteAcls(List.of(AclBindingFilter.ANY)).all().get().size());
    }

    private Object create(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        int partitions = words.integer("PARTITIONS");
        short replicas = (short) words.option("replicas", 1);
        NewTopic topic = new NewTopic(name, partitions, replicas).configs(Map.copyOf(words.rest()));
        admin.createTopics(List.of(topic)).all().get();
        await(name, partitions);
        return "";
    }

    private Object delete(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        admin.deleteTopics(List.of(name)).all().get();
        await(name, 0);
        return "";
    }

    private Object addPartitions(Stagehand.Words words) throws Exception {
        String name = words.word("NAME");
        int total = words.integer("TOTAL");
        admin.createPartitions(Map.of(name, NewPartitions.increaseTo(total))).all().get();
        await(name, total);
        return "";
    }

    private Object deleteRecords(Stagehand.Words words) throws Exception {
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        RecordsToDelete before = RecordsToDelete.beforeOffset(words.number("BEFORE_OFFSET"));
        return admin.deleteRecords(Map.of(partition, before)).lowWatermarks().get(partition).get().lowWatermark();
    }

    /** Log start and high watermark. */
    private Object ends(Stagehand.Words words) throws Exception {
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        return offset(partition, OffsetSpec.earliest()) + " " + offset(partition, OffsetSpec.latest());
    }

    /** Of each partition the broker that leads it; {@code -1} where none does. */
    private Object leaders(Stagehand.Words words) throws Exception {
        String topic = words.word("TOPIC");
        TopicDescription found = admin.describeTopics(Set.of(topic)).allTopicNames().get().get(topic);
        List<String> leaders = new ArrayList<>();
        for (TopicPartitionInfo partition : found.partitions()) {
            leaders.add(partition.leader() == null ? "-1" : partition.leader().idString());
        }
        return String.join(" ", leaders);
    }

    /** Answers when every broker that is up knows a leader of so many partitions. */
    private Object waitLed(Stagehand.Words words) throws Exception {
        String topic = words.word("TOPIC");
        int partitions = words.integer("PARTITIONS");
        Patience patience = new Patience(DEADLINE_MS, "topic " + topic + " has more or fewer leaders");
        while (!everywhere.knows(topic, partitions)) {
            patience.spend();
        }
        return "";
    }

    /** Answers when every broker that is up knows these leaders of the topic's partitions. */
    private Object waitLeaders(Stagehand.Words words) throws Exception {
        String topic = words.word("TOPIC");
        List<Integer> leaders = Arrays.stream(words.word("BROKER,BROKER,…").split(",")).map(Integer::valueOf).toList();
        Patience patience = new Patience(words.option("timeout", DEADLINE_MS), "not every broker knows these leaders of " + topic);
        while (!everywhere.knows(topic, leaders)) {
            patience.spend();
        }
        return "";
    }

    long offset(TopicPartition partition, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get().offset();
    }

    private Object allow(Stagehand.Words words) throws Exception {
        String user = words.word("USER");
        ResourceType type = ResourceType.fromString(words.word("topic|group|cluster"));
        String name = words.word("NAME");
        AclOperation operation = AclOperation.fromString(words.word("OPERATION"));
        PatternType pattern = PatternType.fromString(words.option("pattern", "literal").toUpperCase(Locale.ROOT));
        String resource = type == ResourceType.CLUSTER ? "kafka-cluster" : name;
        AccessControlEntry entry = new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW);
        AclBinding binding = new AclBinding(new ResourcePattern(type, resource, pattern), entry);
        admin.createAcls(List.of(binding)).all().get();
        Patience patience = new Patience(DEADLINE_MS, "the brokers do not know that " + user + " may do that");
        while (!admin.describeAcls(binding.toFilter()).values().get().contains(binding)) {
            patience.spend();
        }
        return "";
    }

    /** Returns when all brokers agree on the number of partitions, and each partition's leader serves it. */
    private void await(String name, int partitions) throws Exception {
        Patience patience = new Patience(DEADLINE_MS, "topic " + name + " did not change as asked");
        while (!everywhere.knows(name, partitions)) {
            patience.spend();
        }
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            asked.put(new TopicPartition(name, partition), OffsetSpec.latest());
        }
        admin.listOffsets(asked).all().get();
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
