package tomcatnode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.apache.catalina.Context;
import org.apache.catalina.Engine;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.valves.RemoteIpValve;
import org.apache.tomcat.util.IntrospectionUtils;
import org.jboss.modcluster.container.tomcat.ModClusterListener;

import jakarta.servlet.http.HttpServlet;

/** One Tomcat with mod_cluster's listener, and the applications deployed in it. */
final class TomcatNode {
    private final Tomcat tomcat = new Tomcat();
    private final Map<String, String> settings;
    private final Path folder;
    private final Ledger ledger;
    private final ModClusterListener listener;

    TomcatNode(Map<String, String> settings) throws IOException {
        this.settings = settings;
        Path parent = Path.of(settings.get("folder"));
        String route = settings.get("route");
        String run = route + "-" + ProcessHandle.current().pid();
        ledger = new Ledger(parent.resolve("ledger").resolve(run));
        folder = Files.createDirectory(parent.resolve(run));
        tomcat.setBaseDir(folder.toString());
        Engine engine = tomcat.getEngine();
        engine.setJvmRoute(route);
        // Seconds between two STATUS; Tomcat's default is 10.
        engine.setBackgroundProcessorDelay(1);
        listener = listener();
        tomcat.setConnector(connector());
        if (!isAjp()) {
            engine.getPipeline().addValve(new RemoteIpValve());
        }
        tomcat.getServer().addLifecycleListener(listener);
        for (String path : settings.getOrDefault("contexts", "").split(",")) {
            if (!path.isEmpty()) {
                deploy(path);
            }
        }
    }

    void start() throws LifecycleException {
        tomcat.start();
    }

    void stop() {
        try {
            tomcat.stop();
            tomcat.destroy();
        } catch (LifecycleException error) {
            error.printStackTrace();
        }
    }

    /** Whole before it is added: a host that runs starts it at once, and then requests come. */
    void deploy(String path) {
        String name = "/".equals(path) ? "" : path;
        StandardContext context = new StandardContext();
        context.setName(name);
        context.setPath(name);
        context.setDocBase(folder.toString());
        context.addLifecycleListener(new Tomcat.FixContextListener());
        add(context, "tell", new TellServlet(ledger), "/");
        add(context, "echo", new EchoServlet(), "/echo");
        add(context, "bytes", new BytesServlet(), "/bytes");
        tomcat.getHost().addChild(context);
    }

    void undeploy(String path) {
        tomcat.getHost().removeChild(tomcat.getHost().findChild("/".equals(path) ? "" : path));
    }

    void refresh() {
        listener.refresh();
    }

    private boolean isAjp() {
        return settings.get("protocol").startsWith("AJP");
    }

    private Connector connector() {
        Connector connector = new Connector(settings.get("protocol"));
        connector.setPort(Integer.parseInt(settings.get("port")));
        connector.setProperty("address", "127.0.0.1");
        settings.forEach((name, value) -> {
            if (name.startsWith("connector.")) {
                connector.setProperty(name.substring("connector.".length()), value);
            }
        });
        return connector;
    }

    /** Attributes are set as the reader of server.xml sets them. */
    private ModClusterListener listener() {
        ModClusterListener listener = new ModClusterListener();
        settings.forEach((name, value) -> {
            if (name.startsWith("listener.")
                && !IntrospectionUtils.setProperty(listener, name.substring("listener.".length()), value)) {
                throw new IllegalArgumentException("the listener has no " + name);
            }
        });
        return listener;
    }

    private static void add(Context context, String name, HttpServlet servlet, String pattern) {
        Tomcat.addServlet(context, name, servlet);
        context.addServletMappingDecoded(pattern, name);
    }
}
