import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A reader in a process of its own, so that a crash is one: the process is killed. It is a second Stagehand that gets the same lines. */
final class RemoteReader implements Reader {
    private final String join;
    private final Process process;
    private final BufferedReader answers;
    private final OutputStream lines;

    RemoteReader(String bootstrap, String join) throws Exception {
        this.join = join;
        String java = ProcessHandle.current().info().command().orElse("java");
        List<String> options = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
        ProcessBuilder builder = new ProcessBuilder(java);
        builder.command().addAll(options);
        builder.command().addAll(List.of("-cp", System.getProperty("java.class.path"), "Stagehand", bootstrap));
        this.process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.lines = process.getOutputStream();
    }

    @Override
    public void start() throws Exception {
        command(join);
    }

    /** Passes a command line on; answers what follows {@code ok}. */
    String command(String line) throws Exception {
        lines.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        lines.flush();
        String answer = answers.readLine();
        if (answer == null || !answer.startsWith("ok")) {
            throw new IllegalStateException(answer == null ? "the reader's process has ended" : answer);
        }
        return answer.substring(2).trim();
    }

    @Override
    public void leave() throws Exception {
        command("leave " + join.split(" +")[1]);
        lines.close();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            crash();
        }
    }

    /** Is gone without a word; the broker notices when the session times out. */
    void crash() throws Exception {
        process.destroyForcibly().waitFor();
    }
}
