"""One mail over an open SMTP connection: what `smtplib` says in four turns, in two where the server lets its client go on unanswered."""

import contextlib
import re
import smtplib

PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
Reply = tuple[int, bytes]


def path_of(address: str) -> str:
    """Return an address as it stands in a command."""
    return f"<{address}>" if PLAIN_ADDRESS.fullmatch(address) else smtplib.quoteaddr(address)


def deliver(server: smtplib.SMTP, sender: str, address: str, content: bytes) -> None:
    """Hand a finished mail, which begins with a header, to one recipient, `sender` and `address` as paths; raises what `sendmail` raises.

    A server that offers PIPELINING (RFC 2920) gets sender, recipient and DATA in one go; an empty mail follows where it asks for the text
    although it refused the recipient, which it then refuses, too.
    """
    server.ehlo_or_helo_if_needed()
    size = f" size={len(content)}" if server.has_extn("size") else ""
    commands = (f"mail FROM:{sender}{size}", f"rcpt TO:{address}", "data")
    if server.has_extn("pipelining"):
        server.send("".join(f"{command}\r\n" for command in commands))
        replies = [server.getreply() for _command in commands]
        if replies[-1][0] == 354 and not has_taken(replies[:-1]):
            server.send(b".\r\n")
            server.getreply()
    else:
        replies = []
        while len(replies) < len(commands) and has_taken(replies):
            replies.append(server.docmd(commands[len(replies)]))
    if not has_taken(replies):
        refuse(server, replies, sender, address)
    content = content.replace(b"\n.", b"\n..")
    server.send(content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"))
    code, text = server.getreply()
    if code != 250:
        leave(server, code)
        raise smtplib.SMTPDataError(code, text)


TAKEN = ((250,), (250, 251), (354,))
"""What the server says to sender, recipient and DATA when all is well."""


def has_taken(replies: list[Reply]) -> bool:
    """Tell whether all these answers, in their order, let the mail go on."""
    return all(code in well for (code, _text), well in zip(replies, TAKEN, strict=False))


def refuse(server: smtplib.SMTP, replies: list[Reply], sender: str, address: str) -> None:
    """Leave the connection as it was before this mail, and raise what the first refusal means."""
    place, (code, text) = next((place, reply) for place, reply in enumerate(replies) if reply[0] not in TAKEN[place])
    leave(server, code)
    if place == 0:
        raise smtplib.SMTPSenderRefused(code, text, sender)
    if place == 1:
        raise smtplib.SMTPRecipientsRefused({address: (code, text)})
    raise smtplib.SMTPDataError(code, text)


def leave(server: smtplib.SMTP, code: int) -> None:
    """Let the server forget the mail; with 421 it has hung up."""
    if code == 421:
        server.close()
        return
    with contextlib.suppress(smtplib.SMTPServerDisconnected):
        server.rset()
