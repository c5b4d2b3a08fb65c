"""What the servers here have in common."""

import json
import sys
from threading import Thread


class Recorder:
    """Has what an application answered for whoever asks for `/answers`."""

    def __init__(self, application):
        self.application = application
        self.answers = []

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/answers":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self.answers).encode()]

        def record(status, *args):
            self.answers.append(f"{environ['REQUEST_METHOD']} {path} {status.split()[0]}")
            return start_response(status, *args)

        return self.application(environ, record)


def serve(server):
    """Prints the port, and ends when the input does."""
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.socket.getsockname()[1], flush=True)
    sys.stdin.read()
