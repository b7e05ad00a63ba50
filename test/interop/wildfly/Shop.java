import java.io.IOException;

import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Answers every path after {@code ?ms=N} milliseconds, in a session, with the process and the session in its fields. */
@WebServlet("/*")
public final class Shop extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
        request.getSession();
        request.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        String ms = request.getParameter("ms");
        try {
            Thread.sleep(ms == null ? 0 : Long.parseLong(ms));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        response.setHeader("X-Run", String.valueOf(ProcessHandle.current().pid()));
        response.setContentLength(0);
    }
}
