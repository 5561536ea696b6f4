"""A program that calls the API with a token, as tests see it."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.utils import timezone

from clinics.actions.tokens import create_token
from clinics.models import Membership

ROOT = "/api/v1/"


class Caller:
    """Somebody's program; paths are below /api/v1/, bodies are JSON."""

    def __init__(self, member: Membership | None) -> None:
        """Make a token for the member; None calls without one."""
        self.headers: dict[str, str] = {}
        if member is not None:
            _token, key = create_token(by=member, name="test", days=1, now=timezone.now())
            self.headers = {"Authorization": f"Bearer {key}"}
        self.client = Client()

    def get(self, path: str, **query: Any) -> Any:
        """Read."""
        return self.client.get(ROOT + path, query, headers=self.headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        """Send."""
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Any:
        """Change."""
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str) -> Any:
        """End."""
        return self.client.delete(ROOT + path, headers=self.headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a body, JSON unless it is bytes already."""
        kind = headers.pop("content_type", "application/json")
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body, cls=DjangoJSONEncoder)
        return self.client.generic(method, ROOT + path, data, content_type=kind, headers=sent)

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Read all pages of a list."""
        rows: list[dict[str, Any]] = []
        address = ROOT + path
        answer = self.client.get(address, query, headers=self.headers)
        while True:
            body = answer.json()
            rows += body["results"]
            if body["next"] is None:
                return rows
            answer = self.client.get(body["next"], headers=self.headers)
