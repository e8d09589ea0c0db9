/** A deadline for something that can only be polled. */
final class Patience {
    private static final long PAUSE_MS = 20;

    private final long end;
    private final String complaint;

    Patience(long milliseconds, String complaint) {
        this.end = System.nanoTime() + milliseconds * 1_000_000;
        this.complaint = complaint;
    }

    /** Pauses before the next poll; throws when the deadline has passed. */
    void spend() throws InterruptedException {
        if (System.nanoTime() > end) {
            throw new IllegalStateException(complaint);
        }
        Thread.sleep(PAUSE_MS);
    }
}
