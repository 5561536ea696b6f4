"""Opening and changing a record, inviting, and the archive."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinics.models import AuditEvent, Invitation
from patients.models import Patient
from tests.caller import Caller
from tests.cast import Cast, sign_in

NEW = reverse("patients:patient_new")


def person(**changed: Any) -> dict[str, Any]:
    return {"first_name": "Daniel", "last_name": "Weiss", "language": "de", **changed}


def test_a_record_is_opened_with_the_next_number_and_the_therapist(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert client.get(NEW).status_code == 200
    response = client.post(NEW, person(born_on="1984-02-03", therapist=cast.therapist2.pk))
    patient = Patient.objects.get(last_name="Weiss")
    assert response["Location"] == reverse("patients:patient", args=[patient.pk])
    assert (patient.clinic_id, patient.therapist_id, patient.membership) == (cast.riverside.pk, cast.therapist2.pk, None)
    assert len(patient.number) == 5


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first_name": ""}, "This field is required."),
        ({"born_on": "2999-01-01"}, "Please enter a date of birth in the past."),
        ({"email": "no address"}, "Enter a valid email address."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"invite_now": "on"}, "An invitation needs an e-mail address."),
        ({"number": "00001"}, "This number is already in use."),
    ],
)
def test_what_cannot_be_right_is_said_beside_the_field(client: Client, cast: Cast, changed: dict[str, Any], field: str) -> None:
    sign_in(client, cast.therapist)
    response = client.post(NEW, person(**changed))
    assert response.status_code in {409, 422}
    assert field in response.content.decode()
    assert not Patient.objects.filter(last_name="Weiss").exists()


def test_a_therapist_of_another_clinic_cannot_be_chosen(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    assert "Raj Nair" not in client.get(NEW).content.decode()
    assert client.post(NEW, person(therapist=cast.harbour_therapist.pk)).status_code == 422


def test_the_person_can_be_invited_in_the_same_step(client: Client, cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    sign_in(client, cast.therapist)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(NEW, person(email="Daniel@patients.example", invite_now="on"))
    patient = Patient.objects.get(last_name="Weiss")
    assert patient.email == "daniel@patients.example"
    assert Invitation.objects.get(membership=patient.membership_id).email == "daniel@patients.example"
    assert [message.to for message in mail.outbox] == [["daniel@patients.example"]]


def test_an_invitation_can_be_sent_again_and_shows_its_code_once(client: Client, cast: Cast) -> None:
    address = reverse("patients:patient_invite", args=[cast.lena.pk])
    sign_in(client, cast.therapist)
    assert client.get(address).status_code == 200
    response = client.post(address, {"email": "lena.new@patients.example"})
    assert response.status_code == 200
    assert "<svg" in response.content.decode()
    assert Patient.objects.get(pk=cast.lena.pk).email == "lena.new@patients.example"
    assert client.post(address, {"email": "nothing"}).status_code == 422
    joined = reverse("patients:patient_invite", args=[cast.hannah.pk])
    assert "already joined" in client.get(joined).content.decode()
    assert client.post(joined, {"email": "x@patients.example"}).status_code in {409, 422}


def test_master_data_can_be_changed(client: Client, cast: Cast) -> None:
    address = reverse("patients:patient_edit", args=[cast.hannah.pk])
    sign_in(client, cast.therapist)
    assert client.get(address).status_code == 200
    data = {
        "first_name": "Hannah",
        "last_name": "Brandt-Meier",
        "email": cast.hannah.email,
        "language": "de",
        "therapist": cast.therapist.pk,
    }
    assert client.post(address, data).status_code == 302
    assert Patient.objects.get(pk=cast.hannah.pk).last_name == "Brandt-Meier"
    assert client.post(address, {**data, "last_name": ""}).status_code == 422


def test_a_record_goes_to_the_archive_only_without_a_running_program(client: Client, cast: Cast) -> None:
    sign_in(client, cast.therapist)
    for patient, status in ((cast.lena, 302), (cast.hannah, 409)):
        address = reverse("patients:patient_archive", args=[patient.pk])
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == status
    assert Patient.objects.get(pk=cast.lena.pk).status == "archived"
    assert Patient.objects.get(pk=cast.hannah.pk).status == "active"


@pytest.mark.parametrize("name", ["patient_edit", "patient_invite", "patient_archive"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_clinic_finds_nobody(client: Client, cast: Cast, name: str, method: str) -> None:
    sign_in(client, cast.harbour_manager)
    assert getattr(client, method)(reverse(f"patients:{name}", args=[cast.lena.pk])).status_code == 404


def test_a_therapist_hands_over_the_own_patients_only_in_the_master_data_too(client: Client, cast: Cast) -> None:
    path = reverse("patients:patient_edit", args=[cast.marek.pk])  # who is with therapist2
    page = sign_in(client, cast.therapist).get(path).content.decode()
    assert 'name="therapist"' not in page
    assert "Only this person or a manager can hand the patient over." in page
    assert client.post(path, person(first_name="Mark", therapist=cast.therapist.pk)).status_code == 302
    marek = Patient.objects.get(pk=cast.marek.pk)
    assert (marek.first_name, marek.therapist_id) == ("Mark", cast.therapist2.pk)
    assert not AuditEvent.objects.filter(action="patient.hand_over").exists()
    refused = Caller(cast.therapist).patch(f"patients/{cast.marek.pk}/", {"therapist": str(cast.therapist.pk)})
    assert refused.status_code == 400
    assert "Ask a manager" in str(refused.json())
    for member, source, target in ((cast.manager, cast.marek, cast.therapist), (cast.therapist, cast.hannah, cast.therapist2)):
        sign_in(client, member)
        assert 'name="therapist"' in client.get(reverse("patients:patient_edit", args=[source.pk])).content.decode()
        sent = person(therapist=target.pk)
        assert client.post(reverse("patients:patient_edit", args=[source.pk]), sent).status_code == 302
        noted = AuditEvent.objects.get(action="patient.hand_over", patient_id=source.pk)
        assert (noted.actor_id, noted.details["target"]) == (member.user_id, str(target.pk))


def test_a_patient_of_nobody_stays_so_until_a_manager_chooses(client: Client, cast: Cast) -> None:
    Patient.objects.filter(pk=cast.lena.pk).update(therapist=None)
    path = reverse("patients:patient_edit", args=[cast.lena.pk])
    for member in (cast.therapist, cast.manager):
        assert sign_in(client, member).post(path, person(therapist="")).status_code == 302
        assert Patient.objects.get(pk=cast.lena.pk).therapist is None
    assert client.post(path, person(therapist=cast.therapist.pk)).status_code == 302
    assert Patient.objects.get(pk=cast.lena.pk).therapist_id == cast.therapist.pk
