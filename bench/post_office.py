"""A mail server that only counts: takes every mail, notes it in a file, and never sends anything.

Each line of the file holds a word, a Message-ID and a time: "took" as soon as the mail is here, "told" when the client went on afterwards,
which proves that it had read the answer.

Usage: python bench/post_office.py PORT_FILE NOTES_FILE [DELAY_MS]. It stands alone so that killing a worker cannot touch it.
"""

import asyncio
import re
import sys
import time
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
LIMIT = 2**22


async def serve(port_file: Path, notes: Path, delay: float) -> None:
    """Listen on a free port, write it down, and take mails until the process ends."""
    with notes.open("ab", buffering=0) as file:

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 ready\r\n")
            taken = b""
            try:
                while line := await reader.readline():
                    word = line[:4].upper()
                    if taken:
                        file.write(b"told %s %f\n" % (taken, time.time()))
                        taken = b""
                    if word == b"DATA":
                        writer.write(b"354 go on\r\n")
                        data = await reader.readuntil(b"\r\n.\r\n")
                        if delay:
                            await asyncio.sleep(delay / 2)
                        found = MESSAGE_ID.search(data)
                        # Written before the answer: what the client may believe delivered stands here.
                        taken = found.group(1) if found else b"?"
                        file.write(b"took %s %f\n" % (taken, time.time()))
                        writer.write(b"250 taken\r\n")
                    elif word == b"QUIT":
                        writer.write(b"221 bye\r\n")
                        break
                    elif word in {b"EHLO", b"HELO"}:
                        writer.write(b"250-sink\r\n250 8BITMIME\r\n")
                    else:
                        if delay and word == b"RCPT":
                            await asyncio.sleep(delay / 2)
                        writer.write(b"250 ok\r\n")
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(client, "127.0.0.1", 0, limit=LIMIT)
        port_file.write_text(str(server.sockets[0].getsockname()[1]))
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.0))
