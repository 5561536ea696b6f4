"""Calls to services of other companies: https only, to an address that was looked at first, without following anybody anywhere else."""

import http.client
import socket
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from reminders.rules.push_services import HTTPS_PORT, is_public

TIMEOUT_SECONDS = 10
LONGEST_ANSWER = 16_384


class Forbidden(Exception):
    """The name leads into a network that is not the open internet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said."""

    status: int
    body: bytes


@lru_cache(maxsize=1)
def trust() -> ssl.SSLContext:
    """Return whose certificates are believed."""
    return ssl.create_default_context()


def open_address(host: str, port: int) -> str:
    """Return the address behind a name; raises Forbidden when any of its addresses is not public, OSError when there is none."""
    found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(is_public(str(one)) for one in found):
        raise Forbidden(host)
    return str(found[0])


class CheckedConnection(http.client.HTTPSConnection):
    """An https connection to exactly the address that was checked: a name that answers differently the next moment changes nothing."""

    def connect(self) -> None:
        """Look the name up, check it, and connect to what was found; the certificate has to be the name's."""
        self.sock = socket.create_connection((open_address(self.host, self.port), self.port), self.timeout)
        self.sock = trust().wrap_socket(self.sock, server_hostname=self.host)


@dataclass
class Calls:
    """Connections to services, kept open from one call to the next."""

    kept: dict[tuple[str, int], CheckedConnection] = field(default_factory=dict)

    def post(self, url: str, body: bytes, headers: dict[str, str], *, twice: bool) -> Answer:
        """Post to an https address and return the answer, whatever it is; redirects are answers like any other.

        `twice` allows a second try when a kept connection turns out to be dead: only where a doubled call does no harm.
        Raises Forbidden, or OSError and http.client.HTTPException when there was no answer.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise Forbidden(url)
        place = (parts.hostname, parts.port or HTTPS_PORT)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        was_kept = place in self.kept and twice
        if not twice:
            self.drop(place)
        try:
            return self.call(place, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.drop(place)
            if not was_kept:
                raise
        try:
            return self.call(place, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.drop(place)
            raise

    def call(self, place: tuple[str, int], path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send one request and read its answer."""
        connection = self.kept.setdefault(place, CheckedConnection(*place, timeout=TIMEOUT_SECONDS))
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read(LONGEST_ANSWER)
        if response.read(1) or response.will_close:
            self.drop(place)
        return Answer(response.status, text)

    def drop(self, place: tuple[str, int]) -> None:
        """Close a connection."""
        if kept := self.kept.pop(place, None):
            kept.close()

    def close(self) -> None:
        """Close all of them."""
        for place in list(self.kept):
            self.drop(place)
