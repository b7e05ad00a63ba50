package tomcatnode;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * A Tomcat of the stories. Arguments are {@code name=value}: port, route, folder (for its files; the
 * folder of the ledgers is in it), protocol (HTTP/1.1 or AJP/1.3), contexts (paths with commas), and
 * {@code connector.NAME=value} and {@code listener.NAME=value}, attributes of Connector and Listener as
 * in server.xml. Lines on standard input are orders: {@code deploy PATH}, {@code undeploy PATH},
 * {@code refresh} (ask every proxy what it knows); each is answered by {@code done LINE}.
 * SIGTERM stops it as it stops Tomcat; when standard input ends it halts.
 */
public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> settings = new TreeMap<>();
        for (String argument : arguments) {
            int at = argument.indexOf('=');
            settings.put(argument.substring(0, at), argument.substring(at + 1));
        }
        TomcatNode node = new TomcatNode(settings);
        Runtime.getRuntime().addShutdownHook(new Thread(node::stop));
        node.start();
        System.out.println("started");
        BufferedReader orders =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            String order = line;
            new Thread(() -> obey(node, order)).start();
        }
        Runtime.getRuntime().halt(1);
    }

    /** One that waits (an application that drains) does not hold up the next. */
    private static void obey(TomcatNode node, String order) {
        String path = order.substring(order.indexOf(' ') + 1);
        switch (order.split(" ")[0]) {
            case "deploy" -> node.deploy(path);
            case "undeploy" -> node.undeploy(path);
            case "refresh" -> node.refresh();
            default -> throw new IllegalArgumentException(order);
        }
        System.out.println("done " + order);
    }
}
