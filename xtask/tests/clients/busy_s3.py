"""An S3-compatible server on loopback (moto) behind a proxy that is often busy.

Prints its address on one line, serves until its standard input ends. Of the requests, the given share is answered
`503 Slow Down`; of every other one of these, the server has done what was asked before the answer is lost.
"""

import http.client
import random
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from moto.server import ThreadedMotoServer

BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


def main(share: float) -> None:
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    chance, lock, counts = random.Random(1337), threading.Lock(), {"asked": 0, "busy": 0}

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                busy, done = chance.random() < share, chance.random() < 0.5
                counts["asked"] += 1
                counts["busy"] += busy
            if busy and not done:
                return self.send(503, [], BUSY)
            server = http.client.HTTPConnection(host, port)
            server.request(self.command, self.path, body, dict(self.headers))
            answer = server.getresponse()
            status, headers, content = answer.status, answer.getheaders(), answer.read()
            if busy:
                return self.send(503, [], BUSY)
            self.send(status, headers, content)

        def send(self, status, headers, content):
            self.send_response(status)
            length = len(content)
            for name, value in headers:
                if name.lower() == "content-length" and self.command == "HEAD":
                    length = int(value)
                elif name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer

    bucket = http.client.HTTPConnection(host, port)
    bucket.request("PUT", "/runs")
    assert bucket.getresponse().status == 200
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{proxy.server_address[1]}", flush=True)
    sys.stdin.read()
    print(f"{counts['busy']} of {counts['asked']} requests were answered 503", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
