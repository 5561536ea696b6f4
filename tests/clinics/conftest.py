"""What tests about people and clinics share."""

from collections.abc import Callable

import pytest


@pytest.fixture(autouse=True)
def _mails_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send account mails although the transaction around a test never commits."""

    def at_once(send: Callable[[], None]) -> None:
        send()

    monkeypatch.setattr("clinics.mail.transaction.on_commit", at_once)
