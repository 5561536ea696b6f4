"""A small mail server for tests and measurements: takes mails, or misbehaves as told."""

import asyncio
import random
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from django.core.mail.backends.base import BaseEmailBackend

Answer = Callable[[str], str]
"""From a recipient's address to what the server says: "" takes the mail, "drop" and "drop after" break the connection, else a reply."""


@dataclass
class PostOffice:
    """Runs in a thread of its own on a free port of this machine."""

    answer: Answer = lambda address: ""
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    pipelines: bool = False
    """Whether it takes sender, recipient and DATA in one go, as most servers do."""
    asks_anyway: bool = False
    """Whether it asks for the text although it refused the recipient."""

    def __enter__(self) -> "PostOffice":
        """Open."""
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.open()
        return self

    def open(self) -> None:
        """Listen, on the same port as before."""
        serving = asyncio.run_coroutine_threadsafe(asyncio.start_server(self.serve, "127.0.0.1", self.port, limit=2**20), self.loop)
        self.server = serving.result(10)
        self.port = self.server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Let nobody in."""

        async def close() -> None:
            self.server.close()

        asyncio.run_coroutine_threadsafe(close(), self.loop).result(10)

    def __exit__(self, *_error: object) -> None:
        """Close."""
        self.shut()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak SMTP with one client."""
        self.connections += 1
        try:
            await self.speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands until the client leaves."""

        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 post.example")
        verdict = address = ""
        is_open = False
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                say("250-post.example\r\n250-PIPELINING\r\n250 SIZE 1000000" if self.pipelines else "250 post.example")
            elif word == b"DATA" and not is_open:
                say("354 go on" if self.asks_anyway else "554 5.5.1 no valid recipients")
                if self.asks_anyway and await reader.readline() == b".\r\n":
                    say("554 5.5.1 no valid recipients")
            elif word == b"DATA":
                if verdict == "drop":
                    return
                say("354 go on")
                is_open = False
                data = (await reader.readuntil(b"\r\n.\r\n"))[:-5]
                self.mails.append((address, data.replace(b"\r\n..", b"\r\n.")))
                if verdict == "drop after":
                    return
                say("250 taken")
            elif word == b"RCPT":
                address = re.search(r"<(.*)>", line.decode())[1]  # type: ignore[index]
                verdict = self.answer(address)
                is_open = verdict in {"", "drop", "drop after"}
                say("250 ok" if is_open else verdict)
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                is_open = False
                say("250 ok")

    @property
    def ids(self) -> list[str]:
        """Message-IDs in the order they came."""
        return [str(parse(data)["Message-ID"]) for _address, data in self.mails]

    def to(self, address: str) -> EmailMessage:
        """Return the last mail to somebody."""
        return parse(next(data for taker, data in reversed(self.mails) if taker == address))


def parse(data: bytes) -> EmailMessage:
    """Read a mail as its receiver would."""
    return message_from_bytes(data, policy=default)


def now_and_then(share: float, verdict: str, seed: int) -> Answer:
    """Misbehave for a share of the mails, at random."""
    dice = random.Random(seed)
    return lambda _address: verdict if dice.random() < share else ""


class BrokenBackend(BaseEmailBackend):
    """A mail backend of another kind that fails with an error of its own."""

    def send_messages(self, email_messages: Sequence[object]) -> int:
        """Fail."""
        raise RuntimeError("no service")
