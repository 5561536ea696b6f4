"""A small push service for tests: speaks https as the real ones do, and reads what arrives with the keys of a browser."""

import datetime as dt
import http.server
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reminders.channels import outside
from reminders.channels.webpush import to_bytes, to_text
from reminders.rules import push_services

HOST = "localhost"


@dataclass
class Browser:
    """What a browser keeps for a subscription: its private key and its secret."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"0123456789abcdef"

    @property
    def point(self) -> bytes:
        """The public key on the wire."""
        kinds = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        return self.private.public_key().public_bytes(*kinds)

    @property
    def p256dh(self) -> str:
        """The public key as a page sends it."""
        return to_text(self.point)

    @property
    def auth(self) -> str:
        """The secret as a page sends it."""
        return to_text(self.secret)

    def read(self, body: bytes) -> dict[str, Any]:
        """Decrypt a message as RFC 8291 and RFC 8188 say, with nothing of the sender's code."""
        salt, (size, length) = body[:16], struct.unpack("!IB", body[16:21])
        sender = body[21 : 21 + length]
        record = body[21 + length :]
        assert len(record) <= size, "one record"
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.private.exchange(ec.ECDH(), theirs)
        info = b"WebPush: info\0" + self.point + sender
        material = HKDF(hashes.SHA256(), 32, self.secret, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert plain[-1:] == b"\2", "the last record"
        found: dict[str, Any] = json.loads(plain[:-1])
        return found


def check_signature(header: str) -> tuple[dict[str, Any], str]:
    """Verify a VAPID header (RFC 8292) and return its claims and its key; raises InvalidSignature."""
    scheme, _space, rest = header.partition(" ")
    parts = dict(one.strip().split("=", 1) for one in rest.split(","))
    assert scheme == "vapid"
    head, claims, sign = parts["t"].split(".")
    assert json.loads(to_bytes(head))["alg"] == "ES256"
    raw = to_bytes(sign)
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(parts["k"]))
    key.verify(signature, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    found: dict[str, Any] = json.loads(to_bytes(claims))
    return found, parts["k"]


@dataclass
class Taken:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Runs in a thread on a free port; `answers` says what each path gets (201 where nothing is said)."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    connections: int = 0

    def url(self, path: str = "/push/one") -> str:
        """Return an endpoint."""
        return f"https://{HOST}:{self.port}{path}"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a key and a certificate for this machine's name and return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, file = folder / "key.pem", folder / "certificate.pem"
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(*kinds))
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, file


def handler_for(service: PushService) -> type[http.server.BaseHTTPRequestHandler]:
    """Return what answers for a service."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            service.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.taken.append(Taken(self.path, dict(self.headers.items()), body))
            status = service.answers.get(self.path, 201)
            answer = service.bodies.get(self.path, b"")
            self.send_response(status)
            if status in {301, 302, 307, 308}:
                self.send_header("Location", service.url("/elsewhere"))
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def push_service(folder: Path, patch: Callable[..., None]) -> Iterator[PushService]:
    """Run a service that this product trusts and calls as if it stood in the internet; `patch` is monkeypatch.setattr."""
    service = PushService()
    key_file, file = certificate(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_for(service))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    service.port = server.server_port
    patch(push_services, "SERVICES", {**push_services.SERVICES, "here": (HOST,)})
    patch(push_services, "HTTPS_PORT", service.port)
    patch(outside, "trust", lambda: ssl.create_default_context(cafile=str(file)))
    patch(outside, "is_public", lambda address: address in {"127.0.0.1", "::1"})
    patch(socket, "getaddrinfo", only_ipv4(socket.getaddrinfo))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)  # else stopping takes half a second
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def only_ipv4(look_up: Callable[..., Any]) -> Callable[..., Any]:
    """Return a look-up of names that knows no IPv6: the service listens on one address only."""

    def found(host: Any, port: Any, family: int = 0, *args: Any, **kwargs: Any) -> Any:
        return look_up(host, port, socket.AF_INET, *args, **kwargs)

    return found
