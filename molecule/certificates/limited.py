"""An authority whose rate limit is reached: limited.py PORT DIRECTORY CERTIFICATE KEY.

It is the authority of DIRECTORY, but refuses each order as Let's Encrypt does (RFC 8555, 6.6).
"""

from __future__ import annotations

import http.server
import json
import ssl
import sys
import urllib.request

PORT, DIRECTORY, CERTIFICATE, KEY = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status: int, content: dict[str, object], **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**headers, "Content_Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        # Python is stricter than certbot with the authority's own certificate.
        trust = ssl.create_default_context()
        trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
        with urllib.request.urlopen(DIRECTORY, context=trust) as found:
            directory = json.load(found)
        directory["newOrder"] = f"https://services:{PORT}/order"
        self.answer(200, directory, Content_Type="application/json")

    def do_POST(self) -> None:
        problem = {
            "type": "urn:ietf:params:acme:error:rateLimited",
            "detail": "too many certificates already issued for this exact set of domains",
            "status": 429,
        }
        kind = "application/problem+json"
        self.answer(429, problem, Content_Type=kind, Retry_After="7200", Replay_Nonce="bm9uY2U")


server = http.server.ThreadingHTTPServer(("", int(PORT)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
