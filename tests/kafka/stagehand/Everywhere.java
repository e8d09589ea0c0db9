import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.TreeMap;

/**
 * Asks each broker by itself what it knows of a topic, which an admin client cannot: it asks whichever broker it likes, and brokers learn
 * of a change one after the other. Metadata v4, from 0.11 to the newest; nothing is created by asking.
 */
final class Everywhere {
    private static final int TIMEOUT_MS = 10_000;
    private static final short METADATA = 3;

    private final String[] addresses;

    Everywhere(String bootstrap) {
        addresses = bootstrap.split(",");
    }

    /** Whether every broker that is up knows so many partitions of the topic, each with a leader; none at all when {@code 0}. */
    boolean knows(String topic, int partitions) throws IOException {
        for (String address : addresses) {
            List<Integer> known = known(address, topic);
            if (known != null && known.stream().filter(leader -> leader >= 0).count() != partitions) {
                return false;
            }
        }
        return true;
    }

    /** Whether every broker that is up knows these leaders of the topic's partitions. */
    boolean knows(String topic, List<Integer> leaders) throws IOException {
        for (String address : addresses) {
            List<Integer> known = known(address, topic);
            if (known != null && !known.equals(leaders)) {
                return false;
            }
        }
        return true;
    }

    /** Of each partition the leader that one broker knows, {@code -1} for none; {@code null} when the broker is down. */
    private static List<Integer> known(String address, String topic) throws IOException {
        int colon = address.lastIndexOf(':');
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))), TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            DataOutputStream request = new DataOutputStream(body);
            request.writeShort(METADATA);
            request.writeShort(4);
            request.writeInt(0); // correlation id
            request.writeUTF("stagehand"); // a length of two bytes, then UTF-8: Kafka's STRING
            request.writeInt(1);
            request.writeUTF(topic);
            request.writeBoolean(false); // allow_auto_topic_creation
            DataOutputStream output = new DataOutputStream(socket.getOutputStream());
            output.writeInt(body.size());
            body.writeTo(output);
            return leaders(new DataInputStream(socket.getInputStream()));
        } catch (ConnectException down) {
            return null;
        }
    }

    private static List<Integer> leaders(DataInputStream answer) throws IOException {
        answer.readFully(new byte[4 + 4 + 4]); // length, correlation id, throttle time
        for (int brokers = answer.readInt(); brokers > 0; brokers--) {
            answer.readInt();
            answer.readUTF();
            answer.readInt();
            skipNullable(answer);
        }
        skipNullable(answer); // cluster id
        answer.readInt(); // controller
        answer.readInt(); // one topic
        answer.readShort();
        answer.readUTF();
        answer.readBoolean();
        TreeMap<Integer, Integer> leaders = new TreeMap<>();
        for (int partitions = answer.readInt(); partitions > 0; partitions--) {
            answer.readShort();
            leaders.put(answer.readInt(), answer.readInt());
            for (int lists = 0; lists < 2; lists++) { // replicas, those in sync
                answer.readFully(new byte[4 * answer.readInt()]);
            }
        }
        return List.copyOf(leaders.values());
    }

    private static void skipNullable(DataInputStream answer) throws IOException {
        int length = answer.readShort();
        answer.readFully(new byte[Math.max(0, length)]);
    }
}
