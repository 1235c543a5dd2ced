"""A publisher on loopback that serves one file well or badly, for the tests of `ivr models fetch`."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Publisher", "Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives every request to the publisher's way of answering."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.publisher.asked.append(dict(self.headers))
        self.server.publisher.answer(self.server.publisher, self)

    def log_message(self, *args):
        """Say nothing."""

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def hang_up(self):
        self.close_connection = True


class Publisher:
    """Serves `data` under every path; `answer` says how. Ends with the `with` block."""

    def __init__(self, data, answer=None, etag='"one"'):
        self.data, self.answer, self.etag = data, answer or well, etag
        self.asked = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.publisher = self
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/models/model.zip"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def well(publisher, handler, upto=None):
    """As good servers do: ranges, and the whole file when it is not the one that was asked on for."""
    data, begin = publisher.data, 0
    asked = handler.headers.get("Range")
    if asked and handler.headers.get("If-Range") in (publisher.etag, None):
        begin = int(asked.removeprefix("bytes=").rstrip("-"))
    if begin >= len(data) and asked:
        handler.head(416, Content_Range=f"bytes */{len(data)}", Content_Length=0)
        return
    headers = {"ETag": publisher.etag, "Accept-Ranges": "bytes", "Content-Length": len(data) - begin}
    if begin:
        handler.head(206, Content_Range=f"bytes {begin}-{len(data) - 1}/{len(data)}", **headers)
    else:
        handler.head(200, **headers)
    handler.wfile.write(data[begin:upto])
    if upto is not None and upto < len(data):
        handler.hang_up()


def cut_after(*lengths):
    """Hang up when so many bytes were sent, at the first request, the second …; then go on well."""
    left = list(lengths)

    def answer(publisher, handler):
        well(publisher, handler, left.pop(0) if left else None)

    return answer


def without_ranges(publisher, handler):
    """Send the whole file, whatever part is asked for."""
    handler.head(200, ETag=publisher.etag, Content_Length=len(publisher.data))
    handler.wfile.write(publisher.data)


def with_status(status, times=1000, then=well, **headers):
    """Answer with a status, so many times."""
    left = [times]

    def answer(publisher, handler):
        if left[0]:
            left[0] -= 1
            handler.head(status, Content_Length=0, **headers)
        else:
            then(publisher, handler)

    return answer
