"""Template tags every page shares: icon, brand mark, script, field, scale, error summary."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.template.base import FilterExpression, Parser, Token
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

register = template.Library()

SCALE_VALUES = tuple(range(11))
SPRITE = "icons/icons.svg"
ICON_SIZES = {"": "i", "s": "i i--s", "l": "i i--l"}


@lru_cache(maxsize=1)
def _sprite() -> str:
    return static(SPRITE)


@lru_cache(maxsize=512)
def _icon(name: str, size: str, sprite: str) -> SafeString:
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', ICON_SIZES[size], sprite, name)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw one icon of the sprite; size is "" (beside text), "s" or "l"; it is always hidden from screen readers."""
    return _icon(name, size, static(SPRITE) if settings.DEBUG else _sprite())


@register.simple_tag
def markbrand() -> SafeString:
    """Draw the product's mark in the colours of the theme."""
    return format_html(
        '<svg viewBox="0 0 28 28" aria-hidden="true"><rect class="b1" width="28" height="28" rx="8"/>'
        '<path class="b2" d="M6.5 18.5c3 0 3.4-8.5 6.6-8.5s2.6 8.5 5.6 8.5c1.6 0 2.4-1.6 2.9-3.4"/>'
        '<circle class="b3" cx="{}" cy="9.4" r="2.4"/></svg>',
        "21.6",
    )


@register.simple_tag
def script(name: str) -> SafeString:
    """Load one of our modules by its name without ending."""
    return format_html('<script type="module" src="{}"></script>', static(f"js/{name}.js"))


@register.filter
def initials(name: object) -> str:
    """Return the first letters of the first and last word of a name."""
    words = str(name).split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def sentence(text: object) -> str:
    """End a text with a full stop, unless it ends with one: a German day may ("22. Nov.")."""
    return f"{str(text).removesuffix('.')}."


def _says_what_empty_means(form_field: forms.Field) -> bool:
    """Whether it is a list of ours, whose first entry ("As my device") stands for no choice; lists of rows have no such entry."""
    return isinstance(form_field, forms.ChoiceField) and not isinstance(form_field, forms.ModelChoiceField)


def _control_kind(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "options"
    return "input"


def _described_by(field: BoundField) -> str:
    ids = [f"{field.auto_id}-hint"] if field.help_text else []
    if field.errors:
        ids.append(f"{field.auto_id}-error")
    return " ".join(ids)


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, label: str = "", hint: str = "", kind: str = "", needed: bool = False, **attrs: Any) -> dict[str, Any]:
    """Render label, control, hint and error of one bound field.

    `kind` may be "s" (small), "num" or "short"; `needed` leaves "optional" away where another answer asks for the field; other
    keyword arguments become attributes of the control (underscores turn into hyphens). Radio buttons and several checkboxes become a
    fieldset.
    """
    if hint:
        bound.help_text = hint
    control = _control_kind(bound)
    html: dict[str, Any] = {name.replace("_", "-"): value for name, value in attrs.items()}
    if described := _described_by(bound):
        html["aria-describedby"] = described
    if bound.errors:
        html["aria-invalid"] = "true"
    if control == "input":
        own = bound.field.widget.attrs.get("class", "")
        html["class"] = " ".join(filter(None, ["input", f"input--{kind}" if kind else "", own]))
        if bound.errors and "autofocus" in html:
            del html["autofocus"]
    return {
        "field": bound,
        "control": control,
        "label": label or bound.label,
        "hint": bound.help_text,
        "optional": not needed and not bound.field.required and control == "input" and not _says_what_empty_means(bound.field),
        "widget": bound.as_widget(attrs=html) if control != "options" else "",
        "options": list(bound.subwidgets) if control == "options" else [],
        "described": html.get("aria-describedby", ""),
    }


@dataclass(frozen=True)
class ScaleOption:
    """One box of a scale: its value, its text, and whether it is chosen or was the answer last time."""

    value: str
    text: str
    chosen: bool
    last: bool
    is_na: bool


def _scale_options(bound: BoundField, last: object) -> Iterator[ScaleOption]:
    choices: Iterable[tuple[Any, Any]] = getattr(bound.field, "choices", None) or [(value, value) for value in SCALE_VALUES]
    current = bound.value()
    chosen = "" if current is None else str(current)
    before = "" if last is None else str(last)
    for value, text in choices:
        key = "" if value is None else str(value)
        if key == "":
            continue
        yield ScaleOption(key, str(text), key == chosen, key == before, not key.lstrip("-≤").isdigit())


@register.inclusion_tag("parts/scale.html")
def scale(
    bound: BoundField,
    last: object = None,
    low: str = "",
    high: str = "",
    legend: str = "",
    compact: bool = False,
    auto: bool = False,
) -> dict[str, Any]:
    """Render a 0-10 question as native radio buttons, nothing chosen unless the form says so.

    The options are the choices of the field, or 0-10 when it has none; `last` marks the previous answer (None: no mark);
    a choice whose value is no number ("none", "no_run") is drawn dashed; `auto` lets checkin.js go on after a tap.
    """
    options = list(_scale_options(bound, last))
    described = [f"{bound.auto_id}-ends"] if low or high else []
    if bound.help_text:
        described.append(f"{bound.auto_id}-hint")
    if bound.errors:
        described.append(f"{bound.auto_id}-error")
    return {
        "field": bound,
        "legend": legend or bound.label,
        "options": options,
        "low": low,
        "high": high,
        "first": options[0].text if options else "",
        "final": next((option.text for option in reversed(options) if not option.is_na), ""),
        "compact": compact,
        "auto": auto,
        "has_na": any(option.is_na for option in options),
        "described": " ".join(described),
    }


@register.inclusion_tag("parts/errors.html")
def errorsummary(form: forms.BaseForm) -> dict[str, Any]:
    """Render the summary that stands above a refused form and links to each field; nothing for a form without errors."""
    items = [(bound.id_for_label or bound.auto_id, bound.label, error) for bound in form for error in bound.errors]
    return {"errors": items, "general": form.non_field_errors() if form.is_bound else []}


@register.simple_tag
def bar(value: float, tone: str = "f", label: str = "") -> SafeString:
    """Draw a share from 0 to 1 as a bar; tone is "f" (done), "w" (less than wished) or "d" (far less)."""
    share = min(max(float(value), 0.0), 1.0)
    said = label or gettext("%(share)s %%") % {"share": round(share * 100)}
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="b-t" width="100" height="10"/><rect class="b-{}" width="{}" height="10"/></svg>',
        said,
        tone,
        round(share * 100, 1),
    )


@register.simple_tag
def hidden(**values: object) -> SafeString:
    """Render hidden inputs from keyword arguments; None is left out."""
    pairs = ((name, value) for name, value in values.items() if value is not None)
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


class RememberNode(template.Node):
    """Renders its content once for each set of values (and language), and repeats the text whenever the same ones come again."""

    LARGEST = 1000

    def __init__(self, values: list[FilterExpression], nodelist: template.NodeList) -> None:
        """Take the values all of the content follows from."""
        self.values, self.nodelist = values, nodelist
        self.known: dict[bytes, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        """Return the text of the content."""
        values = [value.resolve(context) for value in self.values]
        key = blake2b(f"{get_language()} {values!r}".encode(), digest_size=16).digest()
        text = self.known.get(key)
        if text is None:
            text = self.nodelist.render(context)
            if len(self.known) >= self.LARGEST:
                self.known.clear()
            self.known[key] = text
        return text


@register.tag
def remember(parser: Parser, token: Token) -> RememberNode:
    """Wrap what follows, word by word, from the values given, whose repr tells all of them: `{% remember row %}`; none for fixed texts."""
    _name, *values = token.split_contents()
    nodelist = parser.parse(("endremember",))
    parser.delete_first_token()
    return RememberNode([parser.compile_filter(value) for value in values], nodelist)
