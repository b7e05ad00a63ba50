package tomcatnode;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;

/**
 * Tells what the application sees, as lines {@code name=value}, and which process answers. {@code ms=N}
 * in the query delays the answer, {@code logout} ends the session. Executed POSTs go to the ledger.
 */
final class TellServlet extends HttpServlet {
    private static final String run = String.valueOf(ProcessHandle.current().pid());
    private final Ledger ledger;

    TellServlet(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
        long length = 0;
        try (InputStream body = request.getInputStream()) {
            length = body.transferTo(OutputStream.nullOutputStream());
        }
        if ("POST".equals(request.getMethod())) {
            ledger.write(request.getHeader("X-Id"));
        }
        String query = request.getQueryString() == null ? "" : request.getQueryString();
        sleep(query);
        HttpSession session = request.getSession();
        response.setHeader("X-Run", run);
        response.setContentType("text/plain");
        Map<String, Object> told = new TreeMap<>();
        told.put("method", request.getMethod());
        told.put("uri", request.getRequestURI());
        told.put("context", request.getContextPath());
        told.put("application", request.getServletContext().getContextPath());
        told.put("protocol", request.getProtocol());
        told.put("scheme", request.getScheme());
        told.put("secure", request.isSecure());
        told.put("remoteAddr", request.getRemoteAddr());
        told.put("serverName", request.getServerName());
        told.put("serverPort", request.getServerPort());
        told.put("connection", request.getServletConnection().getConnectionId());
        told.put("length", length);
        told.put("session", session.getId());
        told.put("isNew", session.isNew());
        told.put("remoteUser", request.getRemoteUser());
        for (String name : Collections.list(request.getAttributeNames())) {
            told.put("attribute." + name, request.getAttribute(name));
        }
        for (String name : Collections.list(request.getHeaderNames())) {
            told.put("header." + name.toLowerCase(), request.getHeader(name));
        }
        if (query.contains("logout")) {
            session.invalidate();
        }
        StringBuilder text = new StringBuilder();
        told.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
        response.getWriter().write(text.toString());
    }

    private static void sleep(String query) {
        if (!query.startsWith("ms=")) {
            return;
        }
        try {
            Thread.sleep(Long.parseLong(query.substring("ms=".length())));
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
