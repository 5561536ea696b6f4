"""Imports: the same records as by hand, all or none, taken back while nothing else was entered, invited slowly, forgotten after a day."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinics.actions.invitations import accept_invitation, invite_to
from clinics.errors import Conflict, Invalid, NotAllowed, TooMany
from clinics.jobs import run_job
from clinics.models import AuditEvent, Invitation, Job, Membership, User
from patients.actions import import_after, importing
from patients.actions.import_after import forget_files, invite_imported, set_inviting, start_taking_back
from patients.actions.importing import discard_file, earlier_imports, findings_of, keep_file, read_again, start_check, start_import
from patients.actions.people import create_patient
from patients.models import CaseloadEntry, CheckIn, ImportFile, Patient, SearchWord
from patients.rules.import_lines import Trouble
from patients.rules.importing import Reading
from tests.cast import Cast
from tests.patients.importing import HEAD, NEW, checked, ended, fresh, imported, kept

pytestmark = pytest.mark.django_db
HANNAH = "Hannah;Brandt;;hannah@patients.example;030 99;00001;"
NOT_THE_SAME = {"id", "membership_id", "number", "created_at", "imported_with_id", "_state"}


def values(row: Any, leave_out: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.__dict__.items() if name not in leave_out and not name.startswith("_")}


def test_an_import_leaves_the_same_rows_as_opening_the_records_by_hand(cast: Cast) -> None:
    file = imported(cast, *NEW)
    assert (file.status, file.counts["new"], file.content, file.findings) == (ImportFile.Status.DONE, 3, None, None)
    carla, dora, emil = Patient.objects.filter(imported_with=file).select_related("membership", "caseload").order_by("first_name")
    by_hand = create_patient(
        clinic=cast.riverside,
        by=cast.manager,
        now=cast.now,
        first_name="Carla",
        last_name="Neu",
        born_on=dt.date(1980, 12, 31),
        email="carla@patients.example",
        phone="030 1",
        therapist=cast.therapist,
    )
    by_hand = Patient.objects.select_related("membership", "caseload").get(pk=by_hand.pk)
    assert values(carla, NOT_THE_SAME) == values(by_hand, NOT_THE_SAME)
    left = {"id", "created_at"}
    assert values(carla.membership, left) == values(by_hand.membership, left)
    assert values(carla.caseload, {"patient_id"}) == values(by_hand.caseload, {"patient_id"})
    words = [
        {word for word in SearchWord.objects.filter(patient=row).values_list("word", flat=True) if word not in row.number}
        for row in (carla, by_hand)
    ]
    assert words[0] == words[1] != set()
    assert (carla.created_at, carla.caseload.refreshed_at) == (cast.now, cast.now)
    # numbers go on where they were, and the next by hand goes on after them
    assert [row.number for row in (carla, dora, emil, by_hand)] == ["00004", "A-7", "00005", "00006"]
    assert [row.therapist_id for row in (carla, dora, emil)] == [cast.therapist.pk, cast.therapist2.pk, cast.therapist.pk]
    assert (dora.membership, emil.first_name, emil.search_text) == (None, "Emil \u202eabc", "emil \u202eabc o'neil")
    assert mail.outbox == []


def test_the_trail_says_who_imported_what_and_names_every_record(cast: Cast) -> None:
    file = imported(cast, *NEW)
    events = AuditEvent.objects.filter(object_id=file.pk).order_by("id")
    assert [event.action for event in events] == ["import.upload", "import.check", "import.run"]
    assert events[2].details["new"] == 3
    created = AuditEvent.objects.filter(action="patient.create", patient_id__in=Patient.objects.filter(imported_with=file).values("pk"))
    assert {(event.actor_id, event.role, event.clinic_id, event.object_type) for event in created} == {
        (cast.manager.user_id, "manager", cast.riverside.pk, "patients.patient")
    }
    assert all(event.object_id == event.patient_id and event.details == {"imported_with": str(file.pk)} for event in created)
    assert len(created) == 3


def test_one_wrong_line_and_nothing_can_be_imported(cast: Cast) -> None:
    before = Patient.objects.count()
    file = checked(cast, *NEW, "Fritz;;31.12.1980;nobody;;;")
    assert [(one[0], one[2]) for one in findings_of(file)] == [(5, Trouble.MISSING), (5, Trouble.ADDRESS)]
    assert (file.counts["new"], file.counts["wrong"], file.counts["errors"]) == (3, 1, 2)
    with pytest.raises(Conflict):
        start_import(file=file, by=cast.manager, now=cast.now)
    assert Patient.objects.count() == before


def test_what_changed_since_the_check_undoes_the_whole_import(cast: Cast) -> None:
    file = checked(cast, *NEW)
    create_patient(clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name="Else", last_name="Where", number="A-7")
    before = Patient.objects.count(), Membership.objects.count(), CaseloadEntry.objects.count()
    job = start_import(file=file, by=cast.manager, now=cast.now)
    assert run_job(job.pk, now=cast.now)
    status, problem = ended(job)
    assert status == Job.Status.FAILED
    assert "3" in problem
    assert (Patient.objects.count(), Membership.objects.count(), CaseloadEntry.objects.count()) == before
    assert fresh(file).status == ImportFile.Status.CHECKED


def test_a_number_that_somebody_takes_at_the_last_moment_undoes_the_whole_import(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    file = checked(cast, *NEW)
    before = Patient.objects.count(), Membership.objects.count()
    # As if the record of number A-7 were opened after the file was held against who is here.
    monkeypatch.setattr(importing, "numbers_after", lambda tops: iter(["A-7", "00009"]))
    job = start_import(file=file, by=cast.manager, now=cast.now)
    run_job(job.pk, now=cast.now)
    assert ended(job)[0] == Job.Status.FAILED
    assert "number" in ended(job)[1]
    assert (Patient.objects.count(), Membership.objects.count()) == before


def test_a_therapist_who_left_since_the_check_gets_no_patients(cast: Cast) -> None:
    file = checked(cast, *NEW)
    Membership.objects.filter(pk=cast.therapist.pk).update(status=Membership.Status.ENDED)
    job = start_import(file=file, by=cast.manager, now=cast.now)
    run_job(job.pk, now=cast.now)
    assert ended(job)[0] == Job.Status.FAILED


@pytest.mark.parametrize("duplicates", ["skip", "update"])
def test_people_who_are_here_are_left_as_they_are_or_get_the_files_contact_data(cast: Cast, duplicates: str) -> None:
    Patient.objects.filter(pk=cast.hannah.pk).update(number="00001", email="", phone="")
    Patient.objects.filter(pk=cast.lena.pk).update(membership=None, email="")
    rows = (HANNAH, f"Lena;Vogt;;lena2@patients.example;;{cast.lena.number};", "Carla;Neu;;;;;")
    file = imported(cast, HEAD, *rows, duplicates=duplicates)
    hannah, lena = Patient.objects.get(pk=cast.hannah.pk), Patient.objects.select_related("membership").get(pk=cast.lena.pk)
    changed = AuditEvent.objects.filter(action="patient.change", patient_id__in=[hannah.pk, lena.pk])
    if duplicates == "skip":
        assert (file.counts["new"], file.counts["skipped"], hannah.phone, lena.email, changed.count()) == (1, 2, "", "", 0)
        return
    assert (file.counts["new"], file.counts["updated"]) == (1, 2)
    assert (hannah.email, hannah.phone, hannah.membership_id) == ("hannah@patients.example", "030 99", cast.hannah.membership_id)
    assert lena.membership is not None
    assert (lena.email, lena.membership.name, lena.membership.status) == ("lena2@patients.example", "Lena Vogt", Membership.Status.INVITED)
    assert {event.patient_id: event.details["fields"] for event in changed} == {hannah.pk: ["email", "phone"], lena.pk: ["email"]}


def test_duplicates_may_refuse_the_file(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.hannah.pk).update(number="00001")
    file = checked(cast, HEAD, HANNAH, duplicates="refuse")
    assert [(one[2], one[4], one[5]) for one in findings_of(file)] == [(Trouble.HERE, "00001", True)]
    assert not importing.is_ready(file)


def test_nobody_of_another_clinic_is_here_already(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.wei.pk).update(number="W-1")
    file = checked(cast, HEAD, "Wei;Lim;;wei@patients.example;;W-1;")
    assert (file.counts["new"], findings_of(file)) == (1, [])
    other = checked(cast, HEAD, "Wei;Lim;;wei@patients.example;;;Raj Nair")
    assert [(one[1], one[2]) for one in findings_of(other)] == [("therapist", Trouble.THERAPIST)]


def test_the_same_bytes_are_kept_once_and_recognised_after_the_import(cast: Cast) -> None:
    file = kept(cast, *NEW)
    assert kept(cast, *NEW) == file
    checked(cast, file=file)
    run_job(start_import(file=fresh(file), by=cast.manager, now=cast.now).pk, now=cast.now)
    again = kept(cast, *NEW)
    assert again != file
    assert [one.pk for one in earlier_imports(again)] == [file.pk]
    twice = checked(cast, file=again)
    assert (twice.counts.get("new", 0), twice.counts["skipped"], importing.is_ready(twice)) == (0, 3, False)


def test_only_managers_of_the_clinic_import(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        kept(cast, *NEW, by=cast.therapist)
    file = checked(cast, *NEW)
    for by in (cast.therapist, cast.harbour_manager):
        with pytest.raises(NotAllowed):
            start_import(file=file, by=by, now=cast.now)
        with pytest.raises(NotAllowed):
            discard_file(file=file, by=by, now=cast.now)


def test_patients_are_given_to_nobody_of_another_clinic(cast: Cast) -> None:
    file = kept(cast, *NEW)
    with pytest.raises(Invalid) as refused:
        start_check(file=file, reading=Reading.from_json(file.reading), therapist=cast.harbour_therapist, by=cast.manager, now=cast.now)
    assert list(refused.value.fields) == ["therapist"]


def test_two_imports_at_once_do_not_start(cast: Cast) -> None:
    one, other = checked(cast, *NEW), checked(cast, HEAD, "Gil;Neu;;;;;")
    start_import(file=one, by=cast.manager, now=cast.now)
    for file in (one, other):
        with pytest.raises(Conflict):
            start_import(file=fresh(file), by=cast.manager, now=cast.now)
    with pytest.raises(Conflict):
        start_check(file=other, reading=Reading.from_json(other.reading), therapist=cast.therapist, by=cast.manager, now=cast.now)


def test_an_import_is_done_once_whatever_a_second_worker_does(cast: Cast) -> None:
    file = checked(cast, *NEW)
    job = start_import(file=file, by=cast.manager, now=cast.now)
    assert run_job(job.pk, now=cast.now)
    assert not run_job(job.pk, now=cast.now + dt.timedelta(hours=1))
    assert Patient.objects.filter(imported_with=file).count() == 3


def test_statements_do_not_grow_with_the_lines(cast: Cast) -> None:
    counted = []
    for size in (1, 60):
        people = [f"Person;Number{size}x{place};;p{size}x{place}@patients.example;;;" for place in range(size)]
        with CaptureQueriesContext(connection) as queries:
            imported(cast, HEAD, *people)
        counted.append(len(queries))
    assert counted[0] == counted[1]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04...", b"\x1f\x8b...", b"a\x00,b", b"a,b\xff\x81"])
def test_what_is_no_list_is_refused_beside_the_field(cast: Cast, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        keep_file(by=cast.manager, name="x.csv", data=data, now=cast.now)
    assert list(refused.value.fields) == ["file"]
    assert not ImportFile.objects.exists()


def test_a_file_that_breaks_in_the_middle_says_where(cast: Cast) -> None:
    file = checked(cast, HEAD, "Carla;Neu;;;;;", '"Dora;Neu;;;;;', "Emil;Neu;;;;;")
    assert [(one[0], one[2], one[5]) for one in findings_of(file)] == [(3, "quotes", True)]
    assert not importing.is_ready(file)


def test_only_so_many_files_wait(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_WAITING", 1)
    kept(cast, *NEW)
    with pytest.raises(TooMany):
        kept(cast, HEAD, "Gil;Neu;;;;;")


def test_a_file_is_read_by_another_encoding_or_delimiter_or_refused(cast: Cast) -> None:
    file = keep_file(by=cast.manager, name="x.csv", data="Vorname;Nachname\nJürgen;Ö\n".encode("cp1252"), now=cast.now)
    before = Reading.from_json(file.reading)
    assert before.encoding == "cp1252"
    with pytest.raises(Invalid) as refused:
        read_again(file=file, reading=Reading("utf-8-sig", ";"), by=cast.manager, now=cast.now)
    assert list(refused.value.fields) == ["encoding"]
    read_again(file=file, reading=Reading("cp1250", ","), by=cast.manager, now=cast.now)
    assert Reading.from_json(fresh(file).reading) == Reading("cp1250", ",", columns=("",))


# --- afterwards ---------------------------------------------------------------------------


def take_back(cast: Cast, file: ImportFile) -> tuple[str, str]:
    job = start_taking_back(file=fresh(file), by=cast.manager, now=cast.now)
    run_job(job.pk, now=cast.now)
    return ended(job)


def test_an_import_is_taken_back_without_a_trace_but_the_trail(cast: Cast) -> None:
    tables = (Patient, Membership, CaseloadEntry, SearchWord, Invitation)
    before = [model._default_manager.count() for model in tables]
    file = imported(cast, *NEW)
    carla = Patient.objects.select_related("membership__clinic").get(imported_with=file, first_name="Carla")
    assert carla.membership is not None
    invite_to(membership=carla.membership, email=carla.email, by=cast.manager, now=cast.now)
    assert take_back(cast, file) == (Job.Status.DONE, "")
    assert [model._default_manager.count() for model in tables] == before
    assert fresh(file).status == ImportFile.Status.TAKEN_BACK
    assert AuditEvent.objects.filter(action="patient.uncreate").count() == 3
    assert AuditEvent.objects.filter(action="import.take_back", details__count=3).count() == 1


@pytest.mark.parametrize("what", ["entry", "account"])
def test_an_import_stays_when_somebody_has_more_than_the_record(cast: Cast, what: str) -> None:
    file = imported(cast, *NEW)
    carla = Patient.objects.select_related("membership__clinic").get(imported_with=file, first_name="Carla")
    job = start_taking_back(file=file, by=cast.manager, now=cast.now)
    if what == "entry":
        CheckIn.objects.create(clinic=cast.riverside, patient=carla, on=cast.now.date(), pain_0_10=1, readiness_0_10=5, done_at=cast.now)
    else:
        assert carla.membership is not None
        _invitation, key = invite_to(membership=carla.membership, email=carla.email, by=cast.manager, now=cast.now)
        accept_invitation(key=key, now=cast.now)
    run_job(job.pk, now=cast.now)
    status, problem = ended(job)
    assert (status, "00004" in problem) == (Job.Status.FAILED, True)
    assert Patient.objects.filter(imported_with=file).count() == 3
    with pytest.raises(Conflict):
        start_taking_back(file=fresh(file), by=cast.manager, now=cast.now)


def people_with_addresses(cast: Cast, count: int) -> ImportFile:
    return imported(cast, HEAD, *(f"Person;N{place};;p{place}@patients.example;;;" for place in range(count)), "Without;Address;;;;;")


def test_people_are_invited_a_few_at_a_time_and_nobody_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(import_after, "INVITED_PER_TICK", 2)
    monkeypatch.setattr(import_after, "INVITED_PER_HOUR", 3)
    file = people_with_addresses(cast, 5)
    assert invite_imported(now=cast.now) == 0
    set_inviting(file=file, on=True, by=cast.manager, now=cast.now)
    now, sent = cast.now, []
    for minutes in (0, 5, 10, 70, 75, 80):
        with django_capture_on_commit_callbacks(execute=True):
            sent.append(invite_imported(now=now + dt.timedelta(minutes=minutes)))
    assert sent == [2, 1, 0, 2, 0, 0]
    assert sorted(message.to[0] for message in mail.outbox) == [f"p{place}@patients.example" for place in range(5)]
    assert Invitation.objects.filter(membership__patient__imported_with=file).count() == 5
    assert fresh(file).inviter is None


def test_who_cannot_be_invited_is_passed_over(cast: Cast) -> None:
    file = imported(cast, HEAD, "Zwei;Konten;;hannah@patients.example;;;", "Neu;Hier;;new@patients.example;;;")
    set_inviting(file=file, on=True, by=cast.manager, now=cast.now)
    assert invite_imported(now=cast.now) == 2
    assert [one.email for one in Invitation.objects.filter(membership__patient__imported_with=file)] == ["new@patients.example"]
    assert AuditEvent.objects.filter(action="import.pass_over").count() == 1


def test_a_mail_nobody_took_is_sent_with_a_new_key_the_next_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinics.mail.transaction", SimpleNamespace(on_commit=lambda send: send()))
    file = people_with_addresses(cast, 1)
    set_inviting(file=file, on=True, by=cast.manager, now=cast.now)
    with monkeypatch.context() as patched:
        patched.setattr("clinics.mail.deliver", lambda message, template: False)
        assert invite_imported(now=cast.now) == 0
    assert not Invitation.objects.filter(membership__patient__imported_with=file, revoked_at=None).exists()
    assert invite_imported(now=cast.now + dt.timedelta(minutes=5)) == 1
    assert len(mail.outbox) == 1


def test_a_manager_who_left_invites_nobody_any_more(cast: Cast) -> None:
    file = people_with_addresses(cast, 1)
    set_inviting(file=file, on=True, by=cast.manager, now=cast.now)
    User.objects.filter(email="manager@riverside.example").update(is_active=False)
    invite_imported(now=cast.now)
    assert not Invitation.objects.filter(membership__patient__imported_with=file).exists()
    assert fresh(file).inviter is None


def test_files_that_were_not_imported_are_forgotten_after_a_day(cast: Cast) -> None:
    done, waiting = imported(cast, *NEW), kept(cast, HEAD, "Gil;Neu;;;;;")
    assert forget_files(now=cast.now + dt.timedelta(hours=23)) == 0
    assert forget_files(now=cast.now + dt.timedelta(hours=25)) == 1
    assert list(ImportFile.objects.values_list("pk", flat=True)) == [done.pk]
    assert AuditEvent.objects.filter(action="import.forget", object_id=waiting.pk).exists()


def test_a_discarded_file_is_gone_and_an_imported_one_cannot_be_discarded(cast: Cast) -> None:
    discard_file(file=kept(cast, *NEW), by=cast.manager, now=cast.now)
    assert not ImportFile.objects.exists()
    with pytest.raises(Conflict):
        discard_file(file=imported(cast, *NEW), by=cast.manager, now=cast.now)


def test_numbers_go_on_after_five_digits_by_hand_as_well(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.lena.pk).update(number="99999")
    for number in ("100000", "100001"):
        assert create_patient(clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name="A", last_name="B").number == number


def test_names_whose_small_letters_are_longer_are_stored(cast: Cast) -> None:
    by_hand = create_patient(
        clinic=cast.riverside, by=cast.therapist, now=cast.now, first_name="İ" * 80, last_name="İ" * 80, email="i@patients.example"
    )
    assert len(Patient.objects.get(pk=by_hand.pk).search_text) <= 170
