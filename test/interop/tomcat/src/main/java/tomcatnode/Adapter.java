package tomcatnode;

import java.util.Arrays;

import org.apache.catalina.Container;
import org.apache.catalina.Engine;
import org.apache.catalina.LifecycleListener;
import org.apache.catalina.Server;
import org.apache.catalina.Service;
import org.jboss.modcluster.container.Context;
import org.jboss.modcluster.container.ContainerEventHandler;
import org.jboss.modcluster.container.Host;
import org.jboss.modcluster.container.tomcat.ContextFactory;
import org.jboss.modcluster.container.tomcat.LifecycleListenerFactory;
import org.jboss.modcluster.container.tomcat.ServerFactory;
import org.jboss.modcluster.container.tomcat.TomcatConnectorConfiguration;
import org.jboss.modcluster.container.tomcat.TomcatEventHandlerAdapter;
import org.jboss.modcluster.container.tomcat.TomcatFactoryRegistry;

/**
 * Where Tomcat 10.1 differs from the Tomcat that mod_cluster's adapter was compiled for: a service's
 * container is an Engine by type, and requests are told of without the servlet API. The adapter finds
 * these as services (META-INF/services).
 */
public final class Adapter implements ContextFactory, ServerFactory, LifecycleListenerFactory {
    @Override
    public Context createContext(org.apache.catalina.Context context, Host host) {
        return new ListenedContext(context, host);
    }

    @Override
    public org.jboss.modcluster.container.Server createServer(
        TomcatFactoryRegistry registry, Server server) {
        return new EngineServer(registry, server);
    }

    @Override
    public LifecycleListener createListener(
        ContainerEventHandler handler, TomcatConnectorConfiguration connector) {
        return new Listeners(handler, connector);
    }

    private record EngineServer(TomcatFactoryRegistry registry, Server server)
        implements org.jboss.modcluster.container.Server {
        @Override
        public Iterable<org.jboss.modcluster.container.Engine> getEngines() {
            return Arrays.stream(server.findServices())
                .map(Service::getContainer)
                .map(engine -> registry.getEngineFactory().createEngine(registry, engine, this))
                .toList();
        }
    }

    /** Listens to what it listened to before: engines, hosts and contexts. */
    private static final class Listeners extends TomcatEventHandlerAdapter {
        Listeners(ContainerEventHandler handler, TomcatConnectorConfiguration connector) {
            super(handler, connector);
        }

        @Override
        protected void addListeners(Server server) {
            for (Service service : server.findServices()) {
                Engine engine = service.getContainer();
                engine.addContainerListener(this);
                engine.addLifecycleListener(this);
                for (Container host : engine.findChildren()) {
                    host.addContainerListener(this);
                    for (Container context : host.findChildren()) {
                        context.addLifecycleListener(this);
                        context.addPropertyChangeListener(this);
                    }
                }
            }
        }

        @Override
        protected void removeListeners(Server server) {
            for (Service service : server.findServices()) {
                Engine engine = service.getContainer();
                engine.removeContainerListener(this);
                engine.removeLifecycleListener(this);
                for (Container host : engine.findChildren()) {
                    host.removeContainerListener(this);
                    for (Container context : host.findChildren()) {
                        context.removeLifecycleListener(this);
                        context.removePropertyChangeListener(this);
                    }
                }
            }
        }
    }
}
