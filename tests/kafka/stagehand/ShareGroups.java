import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.TopicPartition;

/** Where share groups stand, as an administrator sees and sets it. */
final class ShareGroups implements Stagehand.Teacher {
    private final Admin admin;

    ShareGroups(Admin admin) {
        this.admin = admin;
    }

    @Override
    public void teach(Stagehand stagehand) {
        stagehand.command("share-offsets GROUP TOPIC PARTITION", words -> text(offsets(words.word("GROUP"), partition(words))));
        stagehand.command("wait-share GROUP TOPIC PARTITION [start=AT_LEAST] [lag=AT_MOST] [timeout=MS]", this::await);
        stagehand.command("wait-share-state GROUP STATE [timeout=MS]", this::awaitState);
        stagehand.command("reset-share GROUP TOPIC PARTITION OFFSET", this::reset);
    }

    private static TopicPartition partition(Stagehand.Words words) {
        return new TopicPartition(words.word("TOPIC"), words.integer("PARTITION"));
    }

    private SharePartitionOffsetInfo offsets(String group, TopicPartition partition) throws Exception {
        return admin.listShareGroupOffsets(Map.of(group, new ListShareGroupOffsetsSpec())).partitionsToOffsetInfo(group).get().get(partition);
    }

    private static String text(SharePartitionOffsetInfo info) {
        return info == null ? "none" : info.startOffset() + info.lag().map(lag -> " " + lag).orElse("");
    }

    private Object await(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        TopicPartition partition = partition(words);
        long start = words.option("start", 0);
        long lag = words.option("lag", Long.MAX_VALUE);
        Patience patience = new Patience(words.option("timeout", 30_000), "share group " + group + " did not get there");
        while (true) {
            SharePartitionOffsetInfo info = offsets(group, partition);
            if (info != null && info.startOffset() >= start && (lag == Long.MAX_VALUE || info.lag().filter(left -> left <= lag).isPresent())) {
                return text(info);
            }
            patience.spend();
        }
    }

    private Object awaitState(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        String state = words.word("STATE");
        Patience patience = new Patience(words.option("timeout", 30_000), "share group " + group + " did not become " + state);
        while (!admin.describeShareGroups(List.of(group)).all().get().get(group).groupState().toString().equalsIgnoreCase(state)) {
            patience.spend();
        }
        return "";
    }

    /** The group must have no members. */
    private Object reset(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        admin.alterShareGroupOffsets(group, Map.of(partition(words), words.number("OFFSET"))).all().get();
        return "";
    }
}
