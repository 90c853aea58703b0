"""The repositories in /srv/git over HTTP on port 8080, to the user deploy with the password in
/run/token.
"""

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EXPECTED = "Basic " + base64.b64encode(f"deploy:{Path('/run/token').read_text()}".encode()).decode()


class Handler(BaseHTTPRequestHandler):
    """A CGI server for git's own program."""

    def answer(self) -> None:
        if self.headers["Authorization"] != EXPECTED:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        path, _mark, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": "/srv/git",
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers["Content-Type"] or "",
            "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
            "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
        }
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            env={**os.environ, **variables},
            input=body,
            stdout=-1,
            check=True,
        )
        head, _blank, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer


ThreadingHTTPServer(("", 8080), Handler).serve_forever()
