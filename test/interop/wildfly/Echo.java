import jakarta.websocket.OnMessage;
import jakarta.websocket.server.ServerEndpoint;

/** Sends each message back, behind the name of the process. */
@ServerEndpoint("/echo")
public final class Echo {
    @OnMessage
    public String echo(String message) {
        return ProcessHandle.current().pid() + " " + message;
    }
}
