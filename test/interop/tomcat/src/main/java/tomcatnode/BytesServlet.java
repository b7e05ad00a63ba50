package tomcatnode;

import java.io.IOException;
import java.io.OutputStream;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** A download: {@code ?N} bytes that count from 0 to 250 and again, with Content-Length. */
final class BytesServlet extends HttpServlet {
    /** Prime, so that no power of two divides it: a piece that is lost or doubled shows. */
    private static final int period = 251;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
        int length = Integer.parseInt(request.getQueryString());
        response.setContentLength(length);
        byte[] piece = new byte[period * 32];
        for (int i = 0; i < piece.length; i++) {
            piece[i] = (byte) (i % period);
        }
        OutputStream out = response.getOutputStream();
        for (int left = length; left > 0; left -= piece.length) {
            out.write(piece, 0, Math.min(left, piece.length));
        }
    }
}
