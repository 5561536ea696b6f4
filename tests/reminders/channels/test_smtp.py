"""The dialogue with a mail server, turn by turn or several turns in one: what arrives, and what a refusal means."""

import smtplib
from collections.abc import Callable, Iterator

import pytest

from reminders.channels.smtp import deliver, path_of
from tests.reminders.post_office import PostOffice

SENDER, TO = path_of("clinic@physio.example"), path_of("maria@patients.example")
MAIL = b"Subject: Today\r\n\r\nHello\r\n.a line that begins with a dot\r\n..two\r\n"
WAYS = [pytest.param(False, id="turn by turn"), pytest.param(True, id="in one go")]


@pytest.fixture(params=WAYS)
def office(request: pytest.FixtureRequest) -> Iterator[PostOffice]:
    with PostOffice(pipelines=request.param) as office:
        yield office


@pytest.fixture
def server(office: PostOffice) -> Iterator[smtplib.SMTP]:
    server = smtplib.SMTP("127.0.0.1", office.port, timeout=5)
    yield server
    server.close()


def refuse(verdict: str, times: int = 1) -> Callable[[str], str]:
    """Answer so for the first mails, then take them."""
    left = [verdict] * times
    return lambda _address: left.pop() if left else ""


def test_a_mail_arrives_as_it_was_written(office: PostOffice, server: smtplib.SMTP) -> None:
    for _number in range(3):
        deliver(server, SENDER, TO, MAIL)
    assert office.mails == [("maria@patients.example", MAIL.removesuffix(b"\r\n"))] * 3
    assert office.connections == 1


def test_a_mail_without_an_end_of_line_gets_one(office: PostOffice, server: smtplib.SMTP) -> None:
    deliver(server, SENDER, TO, b"Subject: Today\r\n\r\nHello")
    assert office.mails[0][1] == b"Subject: Today\r\n\r\nHello"


@pytest.mark.parametrize("asks_anyway", [False, True])
def test_a_recipient_that_is_refused_disturbs_nobody_after_it(office: PostOffice, server: smtplib.SMTP, asks_anyway: bool) -> None:
    office.asks_anyway = asks_anyway
    office.answer = refuse("550 5.1.1 unknown")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        deliver(server, SENDER, TO, MAIL)
    assert refused.value.recipients == {TO: (550, b"5.1.1 unknown")}
    deliver(server, SENDER, TO, MAIL)
    assert len(office.mails) == 1


@pytest.mark.parametrize("verdict", ["drop", "drop after"])
def test_a_connection_that_breaks_is_said_to_be_broken(office: PostOffice, server: smtplib.SMTP, verdict: str) -> None:
    office.answer = refuse(verdict)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        deliver(server, SENDER, TO, MAIL)


def test_in_one_go_means_one_packet_for_three_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bytes | str] = []
    send = smtplib.SMTP.send

    def noted(server: smtplib.SMTP, text: bytes | str) -> None:
        said.append(text)
        send(server, text)

    monkeypatch.setattr(smtplib.SMTP, "send", noted)
    with PostOffice(pipelines=True) as office, smtplib.SMTP("127.0.0.1", office.port, timeout=5) as server:
        server.ehlo()
        said.clear()
        deliver(server, SENDER, TO, MAIL)
        assert len(said) == 2


def test_an_address_cannot_bring_a_command_of_its_own() -> None:
    assert "\n" not in path_of("a@b.example>\r\nRCPT TO:<c@d.example")
