import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeMetadataQuorumOptions;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;

/** Who leads the cluster, and what is asked of its clients. */
final class Brokers {
    /** A controller is elected within a few seconds; ZooKeeper first waits for the session of the one before. */
    private static final long DEADLINE_MS = 60_000;
    /** A broker that is away does not use up that time. */
    private static final int TRY_MS = 2_000;

    private final Admin admin;

    Brokers(Admin admin) {
        this.admin = admin;
    }

    void teach(Stagehand stagehand) {
        stagehand.command("controller [other-than=NODE]", this::controller);
        stagehand.command("quota USER CLIENT_ID KEY VALUE|none", this::quota);
    }

    /** The active controller, once there is one. */
    private Object controller(Stagehand.Words words) throws Exception {
        long before = words.option("other-than", -1);
        Patience patience = new Patience(DEADLINE_MS, "no other controller was elected");
        while (true) {
            try {
                int now = controller();
                if (now >= 0 && now != before) {
                    return now;
                }
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof TimeoutException)) {
                    throw failed;
                }
            }
            patience.spend();
        }
    }

    private int controller() throws Exception {
        try {
            return admin.describeMetadataQuorum(new DescribeMetadataQuorumOptions().timeoutMs(TRY_MS)).quorumInfo().get().leaderId();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnsupportedVersionException) { // ZooKeeper knows it, and any broker returns it
                return admin.describeCluster(new DescribeClusterOptions().timeoutMs(TRY_MS)).controller().get().id();
            }
            throw failed;
        }
    }

    private Object quota(Stagehand.Words words) throws Exception {
        Map<String, String> entity = new HashMap<>();
        entity.put(ClientQuotaEntity.USER, words.word("USER"));
        entity.put(ClientQuotaEntity.CLIENT_ID, words.word("CLIENT_ID"));
        String key = words.word("KEY");
        String value = words.word("VALUE|none");
        Double number = value.equals("none") ? null : Double.valueOf(value);
        ClientQuotaAlteration.Op change = new ClientQuotaAlteration.Op(key, number);
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(new ClientQuotaEntity(entity), List.of(change)))).all().get();
        return "";
    }
}
