/** A member of a group that reads in the background until it leaves. */
interface Reader {
    /** Returns when it has an assignment. */
    void start() throws Exception;

    /** Leaves the group in order. */
    void leave() throws Exception;

    /** Executes any other command, by its first word. */
    default Object command(String command, Stagehand.Words words) throws Exception {
        throw new UnsupportedOperationException("this reader cannot " + command);
    }
}
