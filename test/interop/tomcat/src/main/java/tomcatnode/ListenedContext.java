package tomcatnode;

import java.io.IOException;
import java.util.Arrays;

import org.apache.catalina.Manager;
import org.apache.catalina.Pipeline;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.jboss.modcluster.container.Context;
import org.jboss.modcluster.container.Host;
import org.jboss.modcluster.container.listeners.HttpSessionListener;
import org.jboss.modcluster.container.listeners.ServletRequestListener;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpSessionEvent;

/**
 * A web application as mod_cluster's core wants to see it: told of each request and session, so that it
 * can wait for them before the application stops.
 */
final class ListenedContext implements Context {
    private final org.apache.catalina.Context context;
    private final Host host;

    ListenedContext(org.apache.catalina.Context context, Host host) {
        this.context = context;
        this.host = host;
    }

    @Override
    public Host getHost() {
        return host;
    }

    @Override
    public String getPath() {
        return context.getPath();
    }

    @Override
    public boolean isStarted() {
        return context.getState().isAvailable();
    }

    @Override
    public void addRequestListener(ServletRequestListener listener) {
        context.getPipeline().addValve(new RequestValve(listener));
    }

    @Override
    public void removeRequestListener(ServletRequestListener listener) {
        Pipeline pipeline = context.getPipeline();
        for (Valve valve : pipeline.getValves()) {
            if (valve instanceof RequestValve ours && ours.listener == listener) {
                pipeline.removeValve(valve);
                return;
            }
        }
    }

    @Override
    public void addSessionListener(HttpSessionListener listener) {
        Object[] present = context.getApplicationLifecycleListeners();
        Object[] more = Arrays.copyOf(present, present.length + 1, Object[].class);
        more[present.length] = new Sessions(listener);
        context.setApplicationLifecycleListeners(more);
    }

    @Override
    public void removeSessionListener(HttpSessionListener listener) {
        context.setApplicationLifecycleListeners(
            Arrays.stream(context.getApplicationLifecycleListeners())
                .filter(one -> !(one instanceof Sessions ours && ours.listener == listener))
                .toArray());
    }

    @Override
    public int getActiveSessionCount() {
        Manager manager = context.getManager();
        return manager == null ? 0 : manager.getActiveSessions();
    }

    @Override
    public boolean isDistributable() {
        return context.getDistributable();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ListenedContext that && context == that.context;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(context);
    }

    @Override
    public String toString() {
        return context.getName();
    }

    private record Sessions(HttpSessionListener listener)
        implements jakarta.servlet.http.HttpSessionListener {
        @Override
        public void sessionCreated(HttpSessionEvent event) {
            listener.sessionCreated();
        }

        @Override
        public void sessionDestroyed(HttpSessionEvent event) {
            listener.sessionDestroyed();
        }
    }

    private static final class RequestValve extends ValveBase {
        private final ServletRequestListener listener;

        RequestValve(ServletRequestListener listener) {
            super(true);
            this.listener = listener;
        }

        @Override
        public void invoke(Request request, Response response) throws IOException, ServletException {
            listener.requestInitialized();
            try {
                getNext().invoke(request, response);
            } finally {
                listener.requestDestroyed();
            }
        }
    }
}
