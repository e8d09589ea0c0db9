import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Streams groups (KIP-1071), as an administrator sees them. */
final class StreamsGroups implements Stagehand.Teacher {
    private final Admin admin;

    StreamsGroups(Admin admin) {
        this.admin = admin;
    }

    @Override
    public void teach(Stagehand stagehand) {
        stagehand.command("wait-streams-state GROUP STATE [timeout=MS]", this::awaitState);
    }

    private Object awaitState(Stagehand.Words words) throws Exception {
        String group = words.word("GROUP");
        String state = words.word("STATE");
        Patience patience = new Patience(words.option("timeout", 30_000), "streams group " + group + " did not become " + state);
        while (!state(group).equalsIgnoreCase(state)) {
            patience.spend();
        }
        return "";
    }

    private String state(String group) throws Exception {
        try {
            return admin.describeStreamsGroups(List.of(group)).all().get().get(group).groupState().toString();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return "Dead";
            }
            throw failed;
        }
    }
}
