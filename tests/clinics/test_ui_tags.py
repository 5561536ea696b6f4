"""Icons, fields, scales and error summaries: what they say to a browser and to a screen reader."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.template import Context, Template

from clinics.templatetags import ui

ROOT = Path(settings.BASE_DIR)


class Question(forms.Form):
    """A form with one field of each kind."""

    email = forms.EmailField(label="E-mail", help_text="We write to it once.")
    km = forms.DecimalField(label="Distance", required=False)
    agreed = forms.BooleanField(label="I agree")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "One"), ("b", "Two")], widget=forms.RadioSelect)
    pain = forms.IntegerField(label="Pain")
    worst = forms.ChoiceField(label="Worst", choices=[*((str(n), str(n)) for n in range(11)), ("no_run", "no run")], required=False)


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("text", "ended"), [("Pain 6, Sun 22 Nov", "Pain 6, Sun 22 Nov."), ("Schmerz 6, So, 22. Nov.", "Schmerz 6, So, 22. Nov.")]
)
def test_a_sentence_ends_with_one_full_stop(text: str, ended: str) -> None:
    assert ui.sentence(text) == ended


def test_an_icon_comes_from_the_sprite_and_is_hidden_from_screen_readers() -> None:
    html = render('{% icon "check" "s" %}')
    assert 'class="i i--s"' in html
    assert 'aria-hidden="true"' in html
    assert re.search(r'href="/static/icons/icons[^"]*\.svg#check"', html)


def test_the_sprite_holds_every_icon_that_templates_name() -> None:
    sprite = (ROOT / "static/icons/icons.svg").read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = {
        (match, path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        for match in re.findall(r'{%-?\s*icon\s+"([^"]+)"', path.read_text())
    }
    assert sorted(pair for pair in named if pair[0] not in known) == []


def test_no_template_carries_inline_style_or_script() -> None:
    wrong = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")")
    mail = ROOT / "templates/reminders"
    pages = [path for path in (ROOT / "templates").rglob("*.html") if mail not in path.parents and "mail" not in path.parts]
    assert [path for path in pages if wrong.search(path.read_text())] == []


def test_the_style_sheet_stays_small_and_closes_every_brace() -> None:
    css = (ROOT / "static/css/app.css").read_text()
    assert len(css.encode()) <= 48 * 1024
    assert css.count("{") == css.count("}")


def test_a_field_has_label_hint_and_nothing_wrong_at_first() -> None:
    html = render("{% field form.email %}", form=Question())
    assert '<label for="id_email">E-mail</label>' in html
    assert 'aria-describedby="id_email-hint"' in html
    assert 'id="id_email-hint">We write to it once.' in html
    assert "aria-invalid" not in html


def test_a_refused_field_names_its_error_and_is_marked_invalid() -> None:
    html = render("{% field form.email %}", form=Question({"email": "hannah@"}))
    assert 'aria-describedby="id_email-hint id_email-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_email-error"' in html


def test_an_optional_field_says_so() -> None:
    assert "(optional)" in render('{% field form.km kind="num" inputmode="decimal" %}', form=Question())


def test_attributes_and_small_kinds_reach_the_control() -> None:
    html = render('{% field form.km kind="num" inputmode="decimal" %}', form=Question())
    assert 'class="input input--num"' in html
    assert 'inputmode="decimal"' in html


@pytest.mark.parametrize(("name", "shape"), [("agreed", 'class="check"'), ("kind", "<fieldset")])
def test_checkboxes_and_choices_have_their_own_shape(name: str, shape: str) -> None:
    assert shape in render("{% field field %}", field=Question()[name])


def test_a_scale_is_eleven_native_radio_buttons_with_nothing_chosen() -> None:
    html = render('{% scale form.pain last=4 low="none" high="worst" %}', form=Question())
    assert html.count('type="radio" name="pain"') == 11
    assert "checked" not in html
    assert "<span>0 none</span><span>10 worst</span>" in html


def test_a_scale_marks_the_last_answer_in_words_too() -> None:
    html = render("{% scale form.pain last=4 %}", form=Question())
    assert html.count("scale__opt--last") == 1
    assert '4<span class="vh"> (last time)</span>' in html


def test_zero_can_be_the_last_answer() -> None:
    assert '0<span class="vh"> (last time)</span>' in render("{% scale form.pain last=0 %}", form=Question())


def test_a_scale_keeps_what_was_sent() -> None:
    assert 'value="7" checked' in render("{% scale form.pain %}", form=Question({"pain": "7"}))


def test_an_answer_that_is_no_number_stands_apart() -> None:
    html = render('{% scale form.worst low="none" high="worst" %}', form=Question())
    assert html.count("scale__opt--na") == 1
    assert "scale--na" in html
    assert "<span>10 worst</span>" in html


def test_a_refused_scale_says_why() -> None:
    html = render("{% scale form.pain %}", form=Question({}))
    assert 'aria-describedby="id_pain-error"' in html
    assert "This field is required." in html


def test_the_error_summary_links_to_each_field_and_is_silent_without_errors() -> None:
    html = render("{% errorsummary form %}", form=Question({"email": "hannah@"}))
    assert 'href="#id_email"' in html
    assert 'role="alert"' in html
    assert render("{% errorsummary form %}", form=Question()).strip() == ""


def test_the_error_summary_puts_no_colon_behind_a_question() -> None:
    assert ">E-mail: " in render("{% errorsummary form %}", form=Question({"email": "hannah@"}))
    form = Question({"email": "hannah@"})
    form.fields["email"].label = "How do we reach you?"
    assert ">How do we reach you? " in render("{% errorsummary form %}", form=form)


def test_a_label_is_escaped() -> None:
    html = render("{% field form.email label=label %}", form=Question(), label="<b>x")
    assert "&lt;b&gt;x" in html


@pytest.mark.parametrize(("name", "letters"), [("Jonas Keller", "JK"), ("Ana María López", "AL"), ("mono", "M"), ("", "")])
def test_initials_are_those_of_the_first_and_last_word(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_a_bar_stays_within_its_track() -> None:
    assert 'width="100.0"' in ui.bar(1.7)
    assert 'width="0.0"' in ui.bar(-1)


def test_a_choice_is_drawn_as_django_draws_it() -> None:
    choices = [("", "—"), ("1", "O'Neil & <b>"), (2, "zwei"), ("More", [("a", "A"), ("b", "B")])]
    for widget in (
        forms.Select(choices=choices, attrs={"class": "input", "disabled": True, "hidden": False}),
        forms.SelectMultiple(choices=choices),
    ):
        for value in ("", "2", ["a", "2"], None):
            ours, its = (widget.render("field", value, {"id": "id_field"}, renderer=one()) for one in (TemplatesSetting, DjangoTemplates))
            assert ours.split() == its.split()
