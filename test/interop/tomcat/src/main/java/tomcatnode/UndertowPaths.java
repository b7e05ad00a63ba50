package tomcatnode;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.CanonicalPathHandler;
import io.undertow.server.handlers.PathHandler;
import io.undertow.util.HttpString;

/**
 * An Undertow that says which of its contexts serves a path, as WildFly's host chooses it. Arguments: port,
 * whether {@code %2f} is decoded, whether paths are made canonical first, and the contexts.
 */
public final class UndertowPaths {
    private UndertowPaths() {
    }

    public static void main(String[] arguments) throws Exception {
        PathHandler contexts = new PathHandler();
        for (int i = 3; i < arguments.length; i++) {
            String context = arguments[i];
            contexts.addPrefixPath(context, exchange -> {
                exchange.getResponseHeaders().put(new HttpString("X-Context"), context);
                exchange.endExchange();
            });
        }
        boolean isCanonical = Boolean.parseBoolean(arguments[2]);
        HttpHandler root = isCanonical ? new CanonicalPathHandler(contexts) : contexts;
        Undertow.builder()
            .setServerOption(UndertowOptions.DECODE_SLASH, Boolean.parseBoolean(arguments[1]))
            .addHttpListener(Integer.parseInt(arguments[0]), "127.0.0.1")
            .setHandler(root)
            .build()
            .start();
        System.out.println("started");
        while (System.in.read() >= 0) {
            // Until standard input ends.
        }
        Runtime.getRuntime().halt(0);
    }
}
