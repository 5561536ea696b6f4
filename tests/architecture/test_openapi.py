"""The description of the API is current, complete, and in one shape."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

from physio.api import RESOURCES, read_schema, write_schema
from tests.caller import Caller
from tests.cast import Cast, sign_in

FILE = Path(settings.BASE_DIR, "docs", "openapi.yaml")
UNITS = ("_0_10", "_seconds", "_kg")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in read_schema()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in read_schema()["components"]["schemas"].items():
        for part, found in schema.get("properties", {}).items():
            yield f"{name}.{part}", found


def test_the_committed_description_is_what_the_code_says() -> None:
    written = write_schema(OpenApiYamlRenderer.media_type).decode()
    assert FILE.read_text(encoding="utf-8") == written, "run `manage.py spectacular --file docs/openapi.yaml`"


def test_the_description_is_valid_and_made_without_a_warning() -> None:
    validate: Any = validate_schema
    validate(yaml.load(FILE.read_bytes(), Loader=yaml.CSafeLoader))
    assert not GENERATOR_STATS


def test_every_resource_of_the_table_is_described() -> None:
    assert {path.split("/")[3] for path, _method, _operation in operations()} == set(RESOURCES) | {"me"}


def test_every_field_and_parameter_says_what_it_is() -> None:
    bare = [name for name, schema in properties() if not schema.get("description")]
    bare += [
        f"{method} {path} {parameter['name']}"
        for path, method, operation in operations()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description") and parameter["in"] != "path"
    ]
    assert bare == []


def test_what_is_measured_names_its_range() -> None:
    vague = [
        name
        for name, schema in properties()
        if name.endswith("_0_10") and not any(text in schema["description"] for text in ("0–10", "– 10"))
    ]
    assert vague == []
    asked = [
        (name, schema.get("minimum"), schema.get("maximum"))
        for name, schema in properties()
        if name.split(".")[0].endswith("Request") and name.endswith("_0_10") and (schema.get("minimum"), schema.get("maximum")) != (0, 10)
    ]
    assert asked == []


def test_bodies_are_closed_and_every_write_shows_an_example_or_says_everything() -> None:
    schemas = read_schema()["components"]["schemas"]
    assert [name for name, one in schemas.items() if name.endswith("Request") and one.get("additionalProperties") is not False] == []
    creates = [operation for _path, method, operation in operations() if operation["operationId"].endswith("_create")]
    assert len(creates) == 14
    for operation in creates:
        assert operation["requestBody"]["content"]["application/json"].get("examples"), operation["operationId"]


def test_every_refusal_has_the_one_shape() -> None:
    for path, method, operation in operations():
        assert operation.get("summary"), f"{method} {path}"
        codes = {code for code in operation["responses"] if code.startswith("4")}
        assert {"400", "401", "403"} <= codes, f"{method} {path}"
        for code in codes:
            shape = operation["responses"][code]["content"]["application/json"]["schema"]
            assert shape == {"$ref": "#/components/schemas/Error"}, f"{method} {path} {code}"
        if "{" in path:
            assert "404" in codes, f"{method} {path}"
        if method in {"post", "patch"}:
            assert {"409", "413", "415"} <= codes, f"{method} {path}"


def test_every_create_of_a_patient_takes_the_key(cast: Cast) -> None:
    keyed = {
        path for path, method, operation in operations() if any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", []))
    }
    assert keyed == {
        "/api/v1/check-ins/",
        "/api/v1/letters/",
        "/api/v1/messages/",
        "/api/v1/pauses/",
        "/api/v1/runs/",
        "/api/v1/shoes/",
        "/api/v1/symptom-reports/",
        "/api/v1/group-entries/",
        "/api/v1/sessions/{id}/as_planned/",
        "/api/v1/sessions/{id}/finish/",
        "/api/v1/sessions/{id}/log/",
    }


def test_the_description_and_its_page_are_for_people_who_signed_in(cast: Cast) -> None:
    stranger, caller = Client(), Caller(cast.therapist)
    assert stranger.get("/api/v1/schema/").status_code == 401
    assert "/accounts/login/" in stranger.get("/api/v1/docs/")["Location"]
    served = caller.get("schema/")
    assert served.content.decode() == FILE.read_text(encoding="utf-8")
    assert caller.get("schema/", format="json").json()["openapi"].startswith("3.")
    page = sign_in(Client(), cast.hannah.membership).get("/api/v1/docs/")
    assert (page.status_code, b"<script>" in page.content, b"style=" in page.content) == (200, False, False)
    assert "unsafe" not in page.headers["Content-Security-Policy"]
