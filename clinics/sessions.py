"""Sessions in the database, read by a statement that is written once."""

import datetime as dt

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from clinics.prepared import Prepared

open_session = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now)[:1],
    key=str,
    now=dt.datetime,
)


class SessionStore(DatabaseStore):
    """Django's own store but for the read."""

    def _get_session_from_db(self) -> Session | None:
        found = open_session.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
