"""Taking over a list of patients: upload, how it is read, what was found in it, and what became of it."""

import csv
import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clinics import audit
from clinics.errors import DomainError, Invalid
from clinics.models import Job, Membership
from clinics.web import MemberRequest, add_errors, get_visible, page, status_of
from patients.actions.import_after import in_use, is_small, set_inviting, start_taking_back, to_invite
from patients.actions.importing import (
    ACTION,
    TAKE_BACK,
    content_of,
    discard_file,
    earlier_imports,
    findings_of,
    is_ready,
    keep_file,
    read_again,
    sample_of,
    start_check,
    start_import,
)
from patients.forms.importing import ReadingForm, UploadForm
from patients.import_words import COLUMNS, ENCODINGS, VERDICTS, finding_row, value_text
from patients.models import ImportFile, Patient
from patients.rules.importing import Reading, first_rows, names_of_columns

SHOWN_ROWS = 3
SHOWN_USED = 10
PER_PAGE = 100
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula."""
SAMPLES = {
    "en": (
        ",",
        ("First name", "Last name", "Date of birth", "Sex", "E-mail", "Telephone", "Language", "Number", "Therapist"),
        ("Anna", "Example", "1980-12-31", "f", "anna@example.org", "+49 30 5550123", "en", "", ""),
    ),
    "de": (
        ";",
        ("Vorname", "Nachname", "Geburtsdatum", "Geschlecht", "E-Mail", "Telefon", "Sprache", "Nummer", "Therapeut"),
        ("Anna", "Beispiel", "31.12.1980", "w", "anna@example.org", "+49 30 5550123", "de", "", ""),
    ),
}


@page(ACTION, methods=("GET", "POST"))
def imports(request: MemberRequest) -> HttpResponse:
    """Take a file or pasted lines, and list what was imported before."""
    member = request.member
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            upload = form.cleaned_data["file"]
            name = upload.name if upload else _("pasted lines")
            try:
                file = keep_file(by=member, name=name, data=form.content(), now=timezone.now())
            except DomainError as error:
                if upload is None and "file" in error.fields:
                    error = Invalid(fields={"text": error.fields["file"]})
                add_errors(form, error)
                status = 429 if error.status_code == 429 else status_of(form, error)
            else:
                return redirect("patients:import_file", pk=file.pk)
    files = ImportFile.objects.visible_to(member).light().select_related("by__user")
    context = {"form": form, "files": Paginator(files, 20).get_page(request.GET.get("page")), "zone": member.clinic.time_zone}
    return render(request, "patients/imports.html", context, status=status)


@page(ACTION)
def import_sample(request: MemberRequest) -> HttpResponse:
    """Send a file to begin with, in the language asked for."""
    language = request.GET.get("language", "")
    delimiter, *rows = SAMPLES.get(language) or SAMPLES["de" if translation.get_language() == "de" else "en"]
    return csv_file(f"patients-{language or 'sample'}.csv" if language in SAMPLES else "patients.csv", rows, delimiter)


def csv_file(name: str, rows: Any, delimiter: str) -> HttpResponse:
    """Return lines as a file that spreadsheets open with the right letters."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    response = HttpResponse(b"\xef\xbb\xbf" + text.getvalue().encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@page(ACTION, methods=("GET", "POST"))
def import_file(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show how a file is read and let it be changed; after the import, what became of it."""
    file = read_file(request, pk)
    if file.status in {ImportFile.Status.DONE, ImportFile.Status.TAKEN_BACK}:
        return show_done(request, file)
    data, reading = content_of(file), Reading.from_json(file.reading)
    names = names_of_columns(data, reading)
    form = ReadingForm(request.POST if request.method == "POST" else None, by=request.member, file=file, columns=len(names))
    error: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.is_read_differently() or "again" in request.POST:
                read_again(file=file, reading=form.reading(), by=request.member, now=timezone.now())
                messages.info(request, _("The file is read differently now. Please look at the columns again."))
                return redirect("patients:import_file", pk=file.pk)
            chosen = form.cleaned_data["therapist"]
            job = start_check(file=file, reading=form.reading(), therapist=chosen, by=request.member, now=timezone.now())
        except DomainError as refused:
            error = refused
            add_errors(form, refused)
        else:
            return redirect("clinics:job", pk=job.pk)
    cells = [row.cells for row in first_rows(data, reading, SHOWN_ROWS)]
    shown = [
        {"name": name, "field": form[f"column_{place}"], "cells": [row[place] if place < len(row) else "" for row in cells]}
        for place, name in enumerate(names)
    ]
    context = {"file": file, "form": form, "columns": shown, "earlier": earlier_imports(file), "zone": request.member.clinic.time_zone}
    context["guessed"] = ENCODINGS["cp1252"] if reading.encoding == "cp1252" else ""
    return render(request, "patients/import_file.html", context, status=status_of(form, error) if form.is_bound else 200)


def show_done(request: MemberRequest, file: ImportFile) -> HttpResponse:
    """Show what an import brought, and what can be done with it."""
    waiting = to_invite(file)
    context = {
        "file": file,
        "zone": request.member.clinic.time_zone,
        "waiting": waiting.count() if file.status == ImportFile.Status.DONE else 0,
        "patients": Patient.objects.visible_to(request.member).filter(imported_with=file).count(),
    }
    return render(request, "patients/import_done.html", context)


@page(ACTION, methods=("GET", "POST"))
def import_check(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show what was found in a checked file; POST opens the records when nothing is wrong."""
    file = read_file(request, pk)
    if request.method == "POST":
        job = start_import(file=file, by=request.member, now=timezone.now())
        return redirect("clinics:job", pk=job.pk)
    if file.status != ImportFile.Status.CHECKED:
        return redirect("patients:import_file", pk=file.pk)
    audit.record("import.view", row=file)
    found = Paginator(findings_of(file), PER_PAGE).get_page(request.GET.get("page"))
    held = [column for column in Reading.from_json(file.reading).columns if column]
    counts = file.counts
    context = {
        "file": file,
        "counts": [(VERDICTS[verdict], counts.get(verdict, 0), verdict) for verdict in VERDICTS],
        "lines": sum(counts.get(verdict, 0) for verdict in VERDICTS),
        "errors": counts.get("errors", 0),
        "warnings": counts.get("warnings", 0),
        "new": counts.get("new", 0),
        "is_ready": is_ready(file),
        "page": found,
        "rows": [finding_row(one) for one in found],
        "heads": [COLUMNS[column] for column in held],
        "sample": sample_table(request.member, file, held),
        "earlier": earlier_imports(file),
        "zone": request.member.clinic.time_zone,
    }
    return render(request, "patients/import_check.html", context)


def sample_table(member: Membership, file: ImportFile, held: list[str]) -> list[dict[str, Any]]:
    """Return the first lines as they were understood, in the order of the file's columns."""
    names = {str(row.pk): str(row) for row in Membership.objects.visible_to(member).staff().select_related("user")}
    return [
        {
            "line": line,
            "verdict": VERDICTS[verdict],
            "is_wrong": verdict == "wrong",
            "cells": [value_text(column, values.get(column, ""), names) for column in held],
        }
        for line, verdict, values in sample_of(file)
    ]


@page(ACTION)
def import_findings(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Send what was found as a file, with nothing in it that a spreadsheet would take for a formula."""
    file = read_file(request, pk)
    audit.record("import.view", row=file, part="file")
    rows: list[list[Any]] = [[_("Line"), _("Kind"), _("Column"), _("Cell"), _("What to do")]]
    for one in map(finding_row, findings_of(file)):
        kind = _("to be corrected") if one["is_error"] else _("for information")
        rows.append([one["line"], kind, one["column"], one["shown"], one["text"]])
    safe = [[f"'{cell}" if isinstance(cell, str) and cell.startswith(RISKY) else cell for cell in row] for row in rows]
    return csv_file("import-lines.csv", safe, ";" if translation.get_language() == "de" else ",")


@page(ACTION, methods=("POST",))
def import_discard(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Forget a file that was not imported."""
    discard_file(file=read_file(request, pk), by=request.member, now=timezone.now())
    messages.success(request, _("The file was discarded. Nothing was imported."))
    return redirect("patients:imports")


@page(ACTION, methods=("GET", "POST"))
def import_take_back(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete the records of an import, after asking once."""
    file = read_file(request, pk)
    if request.method == "POST":
        job = start_taking_back(file=file, by=request.member, now=timezone.now())
        return redirect("clinics:job", pk=job.pk)
    used = list(in_use(file).order_by("last_name")) if is_small(file) else []
    if used:
        audit.record("import.view", row=file, part="in_use", ids=[str(one.pk) for one in used[:SHOWN_USED]])
    count = Patient.objects.visible_to(request.member).filter(imported_with=file).count()
    context = {"file": file, "count": count, "used": used[:SHOWN_USED], "used_count": len(used)}
    return render(request, "patients/import_take_back.html", context)


@page(ACTION, methods=("POST",))
def import_invite(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Begin or stop to invite the people of an import."""
    on = request.POST.get("on") == "1"
    set_inviting(file=read_file(request, pk), on=on, by=request.member, now=timezone.now())
    messages.success(request, _("The invitations are sent one after the other.") if on else _("No more invitations are sent."))
    return redirect("patients:import_file", pk=pk)


@page(ACTION)
def import_job(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Lead from an ended job to what came of it."""
    job: Job = get_visible(Job.objects.filter(kind__startswith="patients.import"), request.member, pk=pk)
    file = ImportFile.objects.visible_to(request.member).filter(pk=job.params.get("file")).light().first()
    if file is None:
        return redirect("patients:imports")
    if job.kind == TAKE_BACK and job.status == Job.Status.DONE:
        messages.success(request, _("The import was taken back."))
    checked = file.status == ImportFile.Status.CHECKED
    return redirect("patients:import_check" if checked else "patients:import_file", pk=file.pk)


def read_file(request: MemberRequest, pk: UUID) -> ImportFile:
    """Return an import of the clinic; 404 for others'."""
    file: ImportFile = get_visible(ImportFile.objects.select_related("by__user", "therapist__user", "clinic"), request.member, pk=pk)
    return file
