"""A package index (PEP 503) that asks for a user and a password, and serves files to everybody.

The folder /srv/www/index holds the packages of a private index; what it has not is PyPI's.
"""

import base64
import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

LOGIN = "Basic " + base64.b64encode(b"deploy:s3cr3t-of-the-index").decode()


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/index/") and self.headers.get("Authorization") != LOGIN:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.end_headers()
        else:
            super().do_GET()


if __name__ == "__main__":
    handler = functools.partial(Handler, directory="/srv/www")
    ThreadingHTTPServer(("", 8000), handler).serve_forever()
