"""The commands: reminders to try out, and the clockwork without Celery."""

from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from reminders.channels.webpush import public_key
from reminders.models import Delivery, Heartbeat
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def call(name: str, *args: str) -> str:
    """Run a command and return what it printed."""
    out = StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def test_due_reminders_are_made_and_go_out_with_one_tick(cast: Cast) -> None:
    addresses = call("due_reminders", "--make", "5").split()
    assert len(set(addresses)) == 5
    call("send_reminders")
    assert {message.to[0] for message in mail.outbox} >= set(addresses)
    assert Heartbeat.objects.filter(name="reminders").exists()
    more = call("due_reminders", "--make", "3").split()
    assert not set(more) & set(addresses)


def test_only_the_demo_clinic_gets_them(cast: Cast) -> None:
    call("due_reminders", "--make", "2")
    made = Delivery.objects.filter(patient__is_test=True)
    assert {row.clinic_id for row in made} == {cast.riverside.pk}


def test_it_refuses_where_no_demo_is(cast: Cast, settings: Any) -> None:
    settings.SECURE = True
    with pytest.raises(CommandError, match="demo"):
        call("due_reminders", "--make", "1")


@pytest.mark.parametrize("number", ["0", "-1", "100001"])
def test_it_refuses_odd_numbers(cast: Cast, number: str) -> None:
    with pytest.raises(CommandError, match="number"):
        call("due_reminders", "--make", number)


def test_a_new_key_for_web_push_is_one_that_signs(settings: Any) -> None:
    line = call("vapid_key").strip()
    name, _equals, key = line.partition("=")
    assert name == "VAPID_PRIVATE_KEY"
    settings.VAPID_PRIVATE_KEY = key
    assert len(public_key()) == 87
    assert call("vapid_key").strip() != line
