"""Canaille, an OpenID provider, which keeps everything in memory, with one user."""

import json
import logging
import secrets
import socket
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from canaille.oidc.jose import make_default_rsa_jwk
from joserfc.jwk import ECKey
from serving import Recorder, serve
from werkzeug.serving import WSGIRequestHandler, make_server


class RequestHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"


def configuration(port):
    keys = [make_default_rsa_jwk(), ECKey.generate_key("P-256", auto_kid=True)]
    return {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "SMTP": None},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True) for key in keys]},
    }


def add(user, clients):
    Backend.instance.save(models.User(formatted_name=user["user_name"], family_name=user["user_name"], **user))
    for metadata in clients:
        client = models.Client(**metadata)
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = create_app(configuration(port))
    logging.disable(logging.WARNING)
    with app.app_context():
        add(**json.loads(sys.argv[1]))
    serve(make_server("127.0.0.1", port, Recorder(app), True, request_handler=RequestHandler, fd=listener.fileno()))


if __name__ == "__main__":
    main()
