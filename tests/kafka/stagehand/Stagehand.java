import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/**
 * Sets the scene on a cluster: one command per line on standard input, one answer per line on standard output,
 * {@code ok …} or {@code error …}, so that a test does not pay for a JVM per step.
 *
 * <p>Words are separated by blanks; {@code %XX} in a word is a byte of UTF-8, {@code ""} is the empty word. Words of the form
 * {@code key=value} after the named ones are options. {@code help} lists the commands.
 */
public final class Stagehand {
    /** What a command does with its words; its answer follows {@code ok}. */
    interface Action {
        Object run(Words words) throws Exception;
    }

    /** Whose commands exist only where the client has what they need. */
    interface Teacher {
        void teach(Stagehand stagehand);
    }

    record Command(String usage, Action action) {}

    private final Map<String, Command> commands = new TreeMap<>();

    public static void main(String[] arguments) throws Exception {
        Stagehand stagehand = new Stagehand();
        try (Topics topics = new Topics(arguments[0]);
                Writers writers = new Writers(arguments[0], topics);
                Readers readers = new Readers(arguments[0], topics.admin)) {
            topics.teach(stagehand);
            new Brokers(topics.admin).teach(stagehand);
            new Groups(topics.admin).teach(stagehand);
            writers.teach(stagehand);
            readers.teach(stagehand);
            stagehand.learn("ShareGroups", topics.admin);
            stagehand.learn("StreamsGroups", topics.admin);
            stagehand.command("help", words -> String.join(" | ", stagehand.commands.values().stream().map(Command::usage).toList()));
            stagehand.serve();
        }
        System.exit(0);
    }

    /** Adds a command; the first word of {@code usage} is its name. */
    void command(String usage, Action action) {
        commands.put(usage.split(" ")[0], new Command(usage, action));
    }

    private void learn(String type, Admin admin) throws Exception {
        try {
            ((Teacher) Class.forName(type).getDeclaredConstructor(Admin.class).newInstance(admin)).teach(this);
        } catch (ClassNotFoundException missing) {
            // This release's client has no such calls.
        }
    }

    private void serve() throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = input.readLine()) != null; ) {
            if (!line.isBlank()) {
                byte[] answer = (answer(line).replace('\n', ' ') + "\n").getBytes(StandardCharsets.UTF_8);
                System.out.write(answer, 0, answer.length);
                System.out.flush();
            }
        }
    }

    private String answer(String line) {
        String[] parts = line.trim().split(" +");
        Command command = commands.get(parts[0]);
        if (command == null) {
            return "error no such command: " + parts[0] + " (there are: " + String.join(", ", commands.keySet()) + ")";
        }
        try {
            Object said = command.action().run(new Words(parts));
            return said == null || said.toString().isEmpty() ? "ok" : "ok " + said;
        } catch (Words.Missing missing) {
            return "error " + missing.getMessage() + "; usage: " + command.usage();
        } catch (Throwable thrown) {
            Throwable cause = thrown;
            while ((cause instanceof ExecutionException || cause instanceof InvocationTargetException) && cause.getCause() != null) {
                cause = cause.getCause();
            }
            return "error " + cause.getClass().getSimpleName() + ": " + cause.getMessage();
        }
    }

    /** The words of one command line, taken from left to right. */
    static final class Words {
        private final List<String> words = new ArrayList<>();
        private final Map<String, String> options = new HashMap<>();

        /** The command line as it was given. */
        final String line;

        Words(String[] parts) {
            this.line = String.join(" ", parts);
            for (String part : Arrays.copyOfRange(parts, 1, parts.length)) {
                int equals = part.indexOf('=');
                if (equals > 0) {
                    options.put(part.substring(0, equals), decode(part.substring(equals + 1)));
                } else {
                    words.add(part.equals("\"\"") ? "" : decode(part));
                }
            }
        }

        String word(String name) {
            if (words.isEmpty()) {
                throw new Missing(name);
            }
            return words.remove(0);
        }

        int integer(String name) {
            return Integer.parseInt(word(name));
        }

        long number(String name) {
            return Long.parseLong(word(name));
        }

        /** Whether the next word is this one; it is taken then. */
        boolean flag(String name) {
            return words.remove(name);
        }

        String option(String name, String otherwise) {
            String value = options.remove(name);
            return value == null ? otherwise : value;
        }

        long option(String name, long otherwise) {
            return Long.parseLong(option(name, Long.toString(otherwise)));
        }

        /** The options that nobody took. */
        Map<String, String> rest() {
            return options;
        }

        private static String decode(String word) {
            return URLDecoder.decode(word.replace("+", "%2B"), StandardCharsets.UTF_8);
        }

        static final class Missing extends RuntimeException {
            Missing(String name) {
                super("missing: " + name);
            }
        }
    }
}
