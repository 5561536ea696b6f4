"""A mail server that only counts: takes every mail, notes it in a file, and never sends anything; on request it misbehaves.

Like Postfix and Exim it offers PIPELINING.

Each line of the file holds a word, a Message-ID and a time: "took" as soon as the mail is here, "told" when the client went on afterwards,
which proves that it had read the answer; "busy" for a recipient (instead of the Message-ID) who was told to come later.

Usage: python bench/post_office.py PORT_FILE NOTES_FILE [DELAY_MS [BUSY_SHARE [DROP_SHARE]]]. It listens on the port that stands in the
file, or writes there which one it found. Half of the connections it drops end before the mail is taken, half after it and before the
answer. It stands alone so that killing a worker cannot touch it.
"""

import asyncio
import random
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
LIMIT = 2**22


@dataclass
class Office:
    """How the server behaves: seconds a mail takes, shares of recipients put off and of connections dropped."""

    file: BinaryIO
    delay: float = 0.0
    busy: float = 0.0
    drop: float = 0.0

    def note(self, word: bytes, about: bytes) -> None:
        """Write one line; before the answer, because what the client may believe must stand here."""
        self.file.write(b"%s %s %f\n" % (word, about, time.time()))

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        writer.write(b"220 ready\r\n")
        try:
            await self.speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands until the client leaves or is dropped."""
        taken, has_recipient = b"", False
        while line := await reader.readline():
            word = line[:4].upper()
            if taken:
                self.note(b"told", taken)
                taken = b""
            if word == b"DATA" and not has_recipient:
                writer.write(b"554 no valid recipients\r\n")
            elif word == b"DATA":
                has_recipient = False
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                if self.delay:
                    await asyncio.sleep(self.delay / 2)
                luck = random.random()
                if luck < self.drop / 2:
                    return
                found = MESSAGE_ID.search(data)
                taken = found.group(1) if found else b"?"
                self.note(b"took", taken)
                if luck < self.drop:
                    return
                writer.write(b"250 taken\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            elif word in {b"EHLO", b"HELO"}:
                writer.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif word == b"RCPT":
                if self.delay:
                    await asyncio.sleep(self.delay / 2)
                if self.busy and random.random() < self.busy:
                    self.note(b"busy", line.partition(b"<")[2].partition(b">")[0])
                    writer.write(b"451 4.3.0 come later\r\n")
                else:
                    has_recipient = True
                    writer.write(b"250 ok\r\n")
            else:
                has_recipient = False
                writer.write(b"250 ok\r\n")


async def serve(port_file: Path, notes: Path, shares: list[float]) -> None:
    """Listen and take mails until the process ends."""
    wanted = int(port_file.read_text()) if port_file.exists() else 0
    with notes.open("ab", buffering=0) as file:
        office = Office(file, *shares)
        server = await asyncio.start_server(office.client, "127.0.0.1", wanted, limit=LIMIT)
        port_file.write_text(str(server.sockets[0].getsockname()[1]))
        await server.serve_forever()


if __name__ == "__main__":
    delay_ms, *others = [float(one) for one in sys.argv[3:]] or [0.0]
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2]), [delay_ms / 1000, *others]))
