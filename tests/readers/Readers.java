import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StreamTokenizer;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** What Java makes of texts: a line each, in hexadecimal digits of UTF-8 behind the name of a reader; an answer each. */
public class Readers {
    public static void main(String[] args) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder answers = new StringBuilder();
        for (String line; (line = lines.readLine()) != null;) {
            String[] parts = line.split(" ", -1);
            String text = new String(HexFormat.of().parseHex(parts[1]), StandardCharsets.UTF_8);
            Map<String, String> found;
            try {
                found = parts[0].equals("jaas") ? jaas(text) : properties(text);
            } catch (IllegalArgumentException refused) {
                answers.append("refused\n");
                continue;
            }
            answers.append("read");
            found.forEach((key, value) -> answers.append(' ').append(hex(key)).append(':').append(hex(value)));
            answers.append('\n');
        }
        System.out.print(answers);
    }

    static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    static Map<String, String> properties(String text) throws Exception {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        Map<String, String> found = new TreeMap<>();
        properties.forEach((key, value) -> found.put((String) key, (String) value));
        return found;
    }

    /** As org.apache.kafka.common.security.JaasConfig reads one entry, and JaasContext refuses more than one. */
    static Map<String, String> jaas(String text) throws Exception {
        StreamTokenizer tokenizer = new StreamTokenizer(new StringReader(text));
        tokenizer.slashSlashComments(true);
        tokenizer.slashStarComments(true);
        tokenizer.wordChars('-', '-');
        tokenizer.wordChars('_', '_');
        tokenizer.wordChars('$', '$');
        Map<String, String> options = new LinkedHashMap<>();
        tokenizer.nextToken();
        String module = tokenizer.sval;
        tokenizer.nextToken();
        if (module == null || tokenizer.sval == null || !tokenizer.sval.equalsIgnoreCase("required")) {
            throw new IllegalArgumentException("module");
        }
        while (tokenizer.nextToken() != StreamTokenizer.TT_EOF && tokenizer.ttype != ';') {
            String key = tokenizer.sval;
            if (tokenizer.nextToken() != '=' || tokenizer.nextToken() == StreamTokenizer.TT_EOF || tokenizer.sval == null) {
                throw new IllegalArgumentException("value");
            }
            // Kafka takes an option without a name; nobody asks for it.
            if (key == null) {
                throw new IllegalArgumentException("key");
            }
            options.put(key, tokenizer.sval);
        }
        if (tokenizer.ttype != ';' || tokenizer.nextToken() != StreamTokenizer.TT_EOF) {
            throw new IllegalArgumentException("end");
        }
        return options;
    }
}
