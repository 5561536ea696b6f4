"""The cast builds through actions: what they leave behind."""

from patients.models import Alert, CaseloadEntry, ScheduledSession
from tests.cast import Cast


def test_the_cast_is_what_actions_make_of_it(cast: Cast) -> None:
    sessions = ScheduledSession.objects.filter(patient=cast.hannah)
    assert sessions.count() == 40
    entry = CaseloadEntry.objects.get(patient=cast.hannah)
    assert entry.pain_series == [3, 3, 2]
    assert entry.program_code == "LL"
    assert len(entry.week_ticks) == 8
    assert Alert.objects.filter(patient__clinic=cast.harbour).exclude(clinic=cast.harbour).count() == 0
