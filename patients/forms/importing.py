"""The forms of an import: the file itself, and how it is read."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinics.models import Membership
from clinics.web import ScopedModelChoiceField
from patients.import_words import COLUMNS, DELIMITERS, ENCODINGS
from patients.models import ImportFile
from patients.rules.importing import Reading, missing_columns

READ_BY = ("encoding", "delimiter", "has_head")
"""What decides which columns there are."""
SPELLED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""Delimiters as a form sends them: a tab would be stripped."""


class EitherFile(forms.FileField):
    """A file that may be missing because something else stands for it; so nobody calls it optional."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the file, None without one."""
        return super().clean(data, initial) if data else None


class EitherText(forms.CharField):
    """A text that may be missing because something else stands for it."""

    def clean(self, value: Any) -> Any:
        """Return the text, empty without one."""
        return super().clean(value) if value else ""


class UploadForm(forms.Form):
    """A file with patients, or its lines pasted."""

    use_required_attribute = False
    file = EitherFile(
        label=_("CSV file"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    text = EitherText(
        label=_("Or paste the lines"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("With the names of the columns in the first line. Up to 2 MB; a file may be larger."),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large; raises ValidationError."""
        file = self.cleaned_data.get("file")
        if file and file.size > settings.IMPORT_MAX_BYTES:
            most = settings.IMPORT_MAX_BYTES // 1_000_000
            raise forms.ValidationError(_("This file is too large. Choose one of at most %(n)s MB.") % {"n": most})
        return file

    def clean(self) -> dict[str, Any]:
        """Take one of the two; raises ValidationError."""
        data = super().clean() or {}
        if not self.errors and bool(data.get("file")) == bool(data.get("text", "").strip()):
            both = bool(data.get("file"))
            self.add_error("file", _("Choose a file or paste lines, not both.") if both else _("Choose a file, or paste its lines below."))
        return data

    def content(self) -> bytes:
        """Return the bytes of what was sent."""
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file else str(self.cleaned_data["text"]).encode()


class ReadingForm(forms.Form):
    """How the file is read, what its columns hold, and what happens to people who are here already."""

    encoding = forms.ChoiceField(label=_("Letters"), choices=list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(label=_("Cells are separated by"), choices=[(SPELLED[sign], text) for sign, text in DELIMITERS.items()])
    has_head = forms.BooleanField(label=_("The first line holds the names of the columns"), required=False)
    date_order = forms.ChoiceField(
        label=_("Dates like 03/04/1980"),
        required=False,
        choices=[("", _("refuse what could be two days")), ("day", _("day first: 3 April")), ("month", _("month first: 4 March"))],
        help_text=_("1980-12-31 and 31.12.1980 are always understood."),
    )
    duplicates = forms.ChoiceField(
        label=_("People who are here already"),
        widget=forms.RadioSelect,
        choices=[
            ("skip", _("leave their records as they are")),
            ("update", _("take over e-mail address and telephone, where the file has them")),
            ("refuse", _("refuse the file")),
        ],
    )
    therapist = ScopedModelChoiceField(
        Membership.objects.select_related("user"), label=_("Therapist of those for whom the file names none"), empty_label=None
    )

    def __init__(self, *args: Any, by: Membership, file: ImportFile, columns: int, **kwargs: Any) -> None:
        """Begin with how the file is read now."""
        reading = self.before = Reading.from_json(file.reading)
        initial = {**file.reading, "delimiter": SPELLED.get(reading.delimiter, ""), "therapist": file.therapist_id}
        super().__init__(*args, **{**kwargs, "initial": initial})
        staff = self.fields["therapist"]
        if isinstance(staff, ScopedModelChoiceField):
            staff.limit_to(by)
            staff.queryset = staff.queryset.current().staff().order_by("name")  # type: ignore[union-attr]
        for place in range(columns):
            held = reading.columns[place] if place < len(reading.columns) else ""
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=_("Column %(n)s") % {"n": place + 1},
                required=False,
                choices=[("", _("left out")), *COLUMNS.items()],
                initial=held,
                widget=forms.Select(attrs={"class": "input"}),
            )
        self.columns = columns

    def held(self) -> Sequence[str]:
        """Return what each column holds."""
        return tuple(self.cleaned_data.get(f"column_{place}", "") for place in range(self.columns))

    def reading(self) -> Reading:
        """Return how the file is read by what was chosen."""
        signs = {name: sign for sign, name in SPELLED.items()}
        data = self.cleaned_data
        return Reading(
            data["encoding"], signs[data["delimiter"]], data["has_head"], tuple(self.held()), data["date_order"], data["duplicates"]
        )

    def is_read_differently(self) -> bool:
        """Tell whether there are other columns now, so that what they hold has to be looked at again."""
        return any(getattr(self.reading(), name) != getattr(self.before, name) for name in READ_BY)

    def clean(self) -> dict[str, Any]:
        """Every column holds something else, and both names are there; raises ValidationError."""
        data = super().clean() or {}
        seen: set[str] = set()
        for place, column in enumerate(self.held()):
            if column and column in seen:
                self.add_error(f"column_{place}", _("Another column holds this already."))
            seen.add(column)
        if not self.errors and not self.is_read_differently():
            for column in missing_columns(self.held()):
                self.add_error(None, _("Choose the column that holds this: %(what)s.") % {"what": COLUMNS[column]})
        return data
