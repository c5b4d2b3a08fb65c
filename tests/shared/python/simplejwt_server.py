"""Django with djangorestframework-simplejwt, as its documentation sets it up, and one user."""

import json
import logging
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpResponse
from django.urls import path
from serving import Recorder, serve

APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "rest_framework_simplejwt.token_blacklist"]
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Allow-Methods": "GET, POST",
}

urlpatterns = []


def answer_pages(get_response):
    def answer(request):
        response = HttpResponse(status=204) if request.method == "OPTIONS" else get_response(request)
        for name, value in CORS.items():
            response[name] = value
        return response

    return answer


def configure(folder, lifetime):
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(folder) / "db.sqlite3",
                "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
            }
        },
        INSTALLED_APPS=APPS,
        MIDDLEWARE=[f"{__name__}.answer_pages"],
        MIGRATION_MODULES={app.split(".")[-1]: None for app in APPS},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
            "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        },
        ROOT_URLCONF=__name__,
        SECRET_KEY=secrets.token_urlsafe(50),
        SIMPLE_JWT={
            "ACCESS_TOKEN_LIFETIME": timedelta(seconds=lifetime),
            "ROTATE_REFRESH_TOKENS": True,
            "BLACKLIST_AFTER_ROTATION": True,
        },
        USE_TZ=True,
    )
    django.setup()
    logging.disable(logging.WARNING)
    call_command("migrate", run_syncdb=True, verbosity=0)


def add_views():
    from rest_framework.decorators import api_view
    from rest_framework.response import Response
    from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView

    @api_view()
    def me(request):
        return Response({"username": request.user.username})

    urlpatterns.extend(
        [
            path("api/token/", TokenObtainPairView.as_view()),
            path("api/token/refresh/", TokenRefreshView.as_view()),
            path("api/token/blacklist/", TokenBlacklistView.as_view()),
            path("api/me", me),
        ]
    )


def add_user(username, password):
    from django.contrib.auth.models import User

    User.objects.create_user(username, password=password)


def main():
    options = json.loads(sys.argv[1])
    with TemporaryDirectory() as folder:
        configure(folder, options["lifetime"])
        add_views()
        add_user(**options["user"])
        server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
        server.set_app(Recorder(WSGIHandler()))
        serve(server)


if __name__ == "__main__":
    main()
