"""A package index (PEP 503) that asks for a user and a password, and serves files to everybody.

It also answers as OSV does, and knows of one vulnerability, in every version of itsdangerous.

The folder /srv/www/index holds the packages of a private index; what it has not is PyPI's.
"""

from __future__ import annotations

import base64
import functools
import json
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

LOGIN = "Basic " + base64.b64encode(b"deploy:s3cr3t-of-the-index").decode()


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/index/") and self.headers.get("Authorization") != LOGIN:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.end_headers()
        else:
            super().do_GET()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        names = [query["package"]["name"] for query in asked["queries"]]
        found = {"vulns": [{"id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z"}]}
        results = [found if name == "itsdangerous" else {} for name in names]
        self.send_response(200 if self.path == "/v1/querybatch" else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"results": results}).encode())


if __name__ == "__main__":
    handler = functools.partial(Handler, directory="/srv/www")
    ThreadingHTTPServer(("", 8000), handler).serve_forever()
