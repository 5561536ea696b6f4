"""Fixed pieces of templates are put together once for each language, and nothing that depends on a page is."""

import pytest
from django.template import Context, Engine, Template
from django.test import RequestFactory
from django.utils import translation

from physio.loader import FixedNode, join_fixed

LIBRARIES = "{% load i18n static ui %}"


def joined(source: str) -> Template:
    template = Template(LIBRARIES + source, engine=Engine.get_default())
    join_fixed(template.nodelist)
    return template


FIXED = {
    "text": "<p>Words</p>",
    "translate": '{% translate "Sign in" %}',
    "translate with context": '{% translate "Readiness" context "column" %}',
    "blocktranslate": "{% blocktranslate trimmed %}Sign in{% endblocktranslate %}",
    "url": '{% url "account_login" %}',
    "static": '{% static "css/app.css" %}',
    "own tag": '{% icon "mail" "s" %}',
    "comment": "{# words #}{% comment %}words{% endcomment %}",
}
FREE = {
    "variable": "{{ who }}",
    "translated variable": "{% translate who %}",
    "translation for later": '{% translate "Sign in" as told %}{{ told }}',
    "filtered": '{% translate "Sign in"|upper %}',
    "blocktranslate with a value": "{% blocktranslate %}for {{ who }}{% endblocktranslate %}",
    "blocktranslate with a number": "{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}",
    "blocktranslate for later": "{% blocktranslate asvar told %}Sign in{% endblocktranslate %}{{ told }}",
    "url of something": '{% url "patients:patient" pk=pk %}',
    "url for later": '{% url "account_login" as there %}{{ there }}',
    "own tag with a value": "{% icon who %}",
    "own tag for later": '{% icon "mail" as drawn %}{{ drawn }}',
    "condition": '{% if who %}{% translate "Sign in" %}{% endif %}',
}


@pytest.mark.parametrize("source", FIXED.values(), ids=FIXED)
def test_what_follows_from_the_language_is_one_piece(source: str) -> None:
    (only,) = joined(f"a{source}b").nodelist
    assert isinstance(only, FixedNode)


@pytest.mark.parametrize("source", FREE.values(), ids=FREE)
def test_what_does_not_stays_as_it_is(source: str) -> None:
    plain = Template(LIBRARIES + source, engine=Engine.get_default())
    kinds = [type(node) for node in plain.nodelist][1:]
    assert [type(node) for node in joined(source).nodelist][1:] == kinds


@pytest.mark.parametrize("source", [*FIXED.values(), *FREE.values(), "".join([*FIXED.values(), *FREE.values()])])
def test_it_reads_the_same_for_everybody_in_every_language(source: str) -> None:
    plain, template = Template(LIBRARIES + source, engine=Engine.get_default()), joined(source)
    people = [{"who": "<Ada>", "n": 1}, {"who": "", "n": 2}]
    for language in ("en", "de", "en"):
        for person in people:
            context = {**person, "pk": "5a5a5a5a-0001-4a5a-8a5a-5a5a5a5a5a5a", "request": RequestFactory().get("/")}
            with translation.override(language):
                assert template.render(Context(context)) == plain.render(Context(context))


def test_the_product_reads_its_templates_like_this_except_when_errors_are_shown() -> None:
    template = Engine.get_default().get_template("account/login.html")
    nodes = template.nodelist.get_nodes_by_type(FixedNode)
    assert len(nodes) > 3
    loaders = Engine.get_default().loaders
    showing = Engine(dirs=Engine.get_default().dirs, app_dirs=False, debug=True, loaders=loaders, libraries=Engine.get_default().libraries)
    assert not showing.get_template("account/login.html").nodelist.get_nodes_by_type(FixedNode)
