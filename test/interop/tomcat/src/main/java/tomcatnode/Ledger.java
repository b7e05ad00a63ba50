package tomcatnode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What was executed, one id a line, in a file that survives the process. */
final class Ledger {
    private final Path file;

    Ledger(Path file) {
        this.file = file;
    }

    synchronized void write(String id) throws IOException {
        Files.write(file, (id + "\n").getBytes(StandardCharsets.UTF_8),
            StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
