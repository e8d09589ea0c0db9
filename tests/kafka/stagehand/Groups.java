import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Commits of consumer groups, as an administrator makes them: no member takes part. */
final class Groups {
    private static final int IN_FLIGHT = 64;

    private final Admin admin;

    Groups(Admin admin) {
        this.admin = admin;
    }

    void teach(Stagehand stagehand) {
        stagehand.command("commit GROUP TOPIC PARTITION OFFSET", this::commit);
        stagehand.command("committed GROUP TOPIC PARTITION", this::committed);
        stagehand.command("coordinator GROUP", words -> described(words.word("GROUP")).coordinator().id());
        stagehand.command("fill-commits GROUP_PREFIX GROUPS TOPIC PARTITIONS OFFSET", this::fill);
        stagehand.command("delete-commit GROUP TOPIC PARTITION", this::deleteCommit);
        stagehand.command("delete-group GROUP", words -> admin.deleteConsumerGroups(List.of(words.word("GROUP"))).all().get());
        stagehand.command("wait-caught-up GROUP [commits=AT_LEAST] [but=PARTITION] [timeout=MS]", this::waitCaughtUp);
        stagehand.command("wait-state GROUP STATE [timeout=MS]", this::waitState);
    }

    private Object commit(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        OffsetAndMetadata offset = new OffsetAndMetadata(words.number("OFFSET"));
        admin.alterConsumerGroupOffsets(group, Map.of(partition, offset)).all().get();
        return "";
    }

    private Object committed(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        OffsetAndMetadata found = committed(group).get(new TopicPartition(words.word("TOPIC"), words.integer("PARTITION")));
        return found == null ? "none" : found.offset();
    }

    private Map<TopicPartition, OffsetAndMetadata> committed(String group) throws Exception {
        return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    }

    /** Groups {@code PREFIX0}, {@code PREFIX1}, …, each with a commit on every partition. */
    private Object fill(Stagehand.Words words) throws Exception {
        String prefix = words.word("GROUP_PREFIX");
        int groups = words.integer("GROUPS");
        String topic = words.word("TOPIC");
        int partitions = words.integer("PARTITIONS");
        OffsetAndMetadata offset = new OffsetAndMetadata(words.number("OFFSET"));
        Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            commits.put(new TopicPartition(topic, partition), offset);
        }
        ArrayDeque<KafkaFuture<Void>> inFlight = new ArrayDeque<>();
        for (int group = 0; group < groups; group++) {
            inFlight.add(admin.alterConsumerGroupOffsets(prefix + group, commits).all());
            if (inFlight.size() >= IN_FLIGHT) {
                inFlight.remove().get();
            }
        }
        for (KafkaFuture<Void> commit : inFlight) {
            commit.get();
        }
        return (long) groups * partitions;
    }

    private Object deleteCommit(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        TopicPartition partition = new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
        admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all().get();
        return "";
    }

    /** Answers when each of the group's commits (at least one, or so many) stands at the log end. */
    private Object waitCaughtUp(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        long least = words.option("commits", 1);
        long but = words.option("but", -1);
        Patience patience = new Patience(words.option("timeout", 30_000), "group " + group + " did not catch up");
        while (true) {
            Map<TopicPartition, OffsetAndMetadata> commits = committed(group);
            commits.values().removeIf(Objects::isNull);
            commits.keySet().removeIf(partition -> partition.partition() == but);
            Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
            commits.keySet().forEach(partition -> asked.put(partition, OffsetSpec.latest()));
            Map<TopicPartition, ListOffsetsResultInfo> ends = admin.listOffsets(asked).all().get();
            if (commits.size() >= least && commits.entrySet().stream().allMatch(of -> of.getValue().offset() >= ends.get(of.getKey()).offset())) {
                return commits.size();
            }
            patience.spend();
        }
    }

    private Object waitState(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        String state = words.word("STATE");
        Patience patience = new Patience(words.option("timeout", 30_000), "group " + group + " did not become " + state);
        while (!state(group).equalsIgnoreCase(state)) {
            patience.spend();
        }
        return "";
    }

    private ConsumerGroupDescription described(String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    @SuppressWarnings({"deprecation", "removal"})
    private String state(String group) throws Exception {
        try {
            return described(group).state().toString();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return "Dead";
            }
            throw failed;
        }
    }
}
