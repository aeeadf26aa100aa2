"""A local server for one file, which can cut connections and ignore ranges."""

import contextlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        shop = self.server
        asked = self.headers.get("Range")
        shop.asked.append(asked)
        if shop.status != 200:
            self.send_error(shop.status)
            return
        start = int(asked[len("bytes=") : -1]) if asked and shop.ranges else 0
        if start >= len(shop.content):
            self.send_error(416)
            return
        rest = shop.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: shop.cuts.pop(0) if shop.cuts else None])

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(content, *, cuts=(), ranges=True, status=200):
    """Serve `content`; the first answers end after so many bytes as `cuts` says. Yields the server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.content, server.cuts, server.ranges, server.status = content, list(cuts), ranges, status
        server.asked = []
        server.url = f"http://127.0.0.1:{server.server_port}/set.zip"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def zipped(folder, prefix=""):
    """Return the zip archive of a folder, with `prefix` before each name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*")):
            packed.write(path, prefix + path.relative_to(folder).as_posix())
    return archive.getvalue()
