"""What pages and API cost in CPU beside bare projects that do only the same thing: one command prints the table of bench/README.md.

    python bench/pages.py [--patients 2000] [--days 100] [--repeats 3] [--requests 200]

Needs PostgreSQL's programs (initdb); the server, its databases (physio_bench, physio_bare) and the product's files are thrown away after.
"""

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.meter import Call, Cost, measure, memory_mb, send
from bench.servers import Postgres, environment, free_port, gunicorn

SMALL = 200
BARE_USERS = 40
WORKERS = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--log-level", "warning"]
Costs = dict[str, list[Cost]]


class Bench:
    """One run: the servers, the data and what was measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Start PostgreSQL."""
        self.options = options
        self.began = time.monotonic()
        self.folder = Path(tempfile.mkdtemp(prefix="physio-bench-files-"))
        self.postgres = Postgres()
        self.env = environment(
            ENV_FILE="",
            VAR_DIR=str(self.folder / "var"),
            DATABASE_URL=self.postgres.create("physio_bench"),
            DEMO="off",
            LOG_LEVEL="WARNING",
            WEB_WORKERS="2",
            DJANGO_SETTINGS_MODULE="physio.settings",
        )
        self.bare_env = environment(BARE_DATABASE_URL=self.postgres.create("physio_bare"))
        self.people: dict[str, Any] = {}
        self.taken: dict[str, Iterator[str]] = {}
        self.memory: dict[str, float] = {}

    def close(self) -> None:
        """Leave nothing behind."""
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def say(self, line: str) -> None:
        """Tell how far it is."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {line}", file=sys.stderr, flush=True)

    # --- data

    def run(self, *command: str, env: dict[str, str], text: str = "") -> str:
        """Run a Python program and return what it prints."""
        whole = [sys.executable, *command]
        return subprocess.run(whole, cwd=ROOT, env=env, check=True, input=text, stdout=subprocess.PIPE, text=True).stdout

    def inside(self, module: str, *arguments: str, env: dict[str, str], text: str = "") -> Any:
        """Run a module of the bench with Django set up; return the JSON it prints."""
        program = f"import django; django.setup(); from bench.{module} import main; main()"
        return json.loads(self.run("-c", program, *arguments, env=env, text=text))

    def prepare(self) -> None:
        """Make the tables of all projects."""
        self.run("manage.py", "prepare", env=self.env)
        drf = {**self.bare_env, "DJANGO_SETTINGS_MODULE": "bench.bare_drf.settings"}
        self.run("-m", "django", "migrate", "auth", "-v0", env=drf)
        self.run("-m", "django", "migrate", "--run-syncdb", "-v0", env=drf)

    def fill_product(self, patients: int) -> None:
        """Add patients to the product and sign some of them in."""
        began = time.monotonic()
        self.inside("product", "fill", str(patients), str(self.options.days), env=self.env)
        self.say(f"{patients} patients with {self.options.days} days in {time.monotonic() - began:.0f} s")

    def sign_in(self, posters: int) -> None:
        """Fetch cookies and tokens."""
        self.people = self.inside("product", "people", str(posters), env=self.env)
        self.taken = {"poster": iter(self.people["posters"])}

    def fill_bare(self) -> None:
        """Give the bare projects as many rows, and sessions for its readers."""
        statements = (ROOT / "bench/bare_django/fill.sql").read_text(encoding="utf-8")
        self.postgres.run("physio_bare", statements.format(patients=self.options.patients, days=self.options.days))
        program = (
            "import django; django.setup()\n"
            "from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY\n"
            "from django.contrib.auth.models import User\n"
            "from django.contrib.sessions.backends.db import SessionStore\n"
            f"for user in User.objects.order_by('pk')[:{BARE_USERS}]:\n"
            "    store = SessionStore()\n"
            "    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), 'django.contrib.auth.backends.ModelBackend'\n"
            "    store[HASH_SESSION_KEY] = user.get_session_auth_hash()\n"
            "    store.create()\n"
            "    print('sessionid=' + store.session_key)\n"
        )
        self.bare_cookies = self.run("-c", program, env={**self.bare_env, "DJANGO_SETTINGS_MODULE": "bench.bare_django.settings"}).split()
        self.bare_days = itertools.count(1)

    # --- requests

    def product_calls(self, name: str, many: int) -> list[Call]:
        """Return so many requests of one kind to the product."""
        paths, people = self.people["paths"], self.people
        if name in {"today", "caseload"}:
            return [Call(paths[name], headers={"Cookie": cookie}) for cookie in itertools.islice(itertools.cycle(people[name]), many)]
        if name in {"list", "list_heavy"}:
            keys = [people["heavy"]] if name == "list_heavy" else people["tokens"]
            return [Call(paths["list"], headers=bearer(key)) for key in itertools.islice(itertools.cycle(keys), many)]
        if name == "post":
            keys = list(itertools.islice(self.taken["poster"], many))
            body = json.dumps({"pain_0_10": 3, "readiness_0_10": 6})
            return [Call(paths["post"], "POST", {**bearer(key), **JSON, "Idempotency-Key": str(uuid.uuid4())}, body, 201) for key in keys]
        return [Call(paths["login"])] * many

    def bare_calls(self, name: str, many: int, *, word: str) -> list[Call]:
        """Return so many requests of one kind to a bare project; `word` stands before its tokens."""
        if name in {"today", "caseload", "caseload_all"}:
            path = {"today": "/today/", "caseload": "/caseload/", "caseload_all": "/caseload/?rows=200"}[name]
            return [Call(path, headers={"Cookie": cookie}) for cookie in itertools.islice(itertools.cycle(self.bare_cookies), many)]
        keys = [f"key{n}" for n in range(1, BARE_USERS + 1)]
        headers = [{"Authorization": f"{word} {key}"} for key in itertools.islice(itertools.cycle(keys), many)]
        if name == "list":
            return [Call("/api/check-ins/", headers=one) for one in headers]
        if name == "post":
            # Days of the future, each new.
            days = [f"{2100 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}" for n in itertools.islice(self.bare_days, many)]
            bodies = [json.dumps({"on": day, "pain": 3, "readiness": 6}) for day in days]
            return [Call("/api/check-ins/", "POST", {**one, **JSON}, body, 201) for one, body in zip(headers, bodies, strict=True)]
        return [Call("/login/")] * many

    # --- measuring

    def measure_all(self, who: str, names: tuple[str, ...], repeats: int) -> Costs:
        """Serve one project and measure each kind of request `repeats` times."""
        port = free_port()
        word = WORDS.get(who, "")
        if who == "product":
            env, arguments, ready = {**self.env, "PORT": str(port)}, ["--config", "python:physio.gunicorn_conf"], "/healthz"
        else:
            env, arguments = self.bare_env, [f"bench.{who}.wsgi", "--bind", f"127.0.0.1:{port}", *WORKERS]
            ready = "/api/check-ins/"
        found: Costs = {name: [] for name in names}
        with gunicorn(arguments, port, env, ready) as pid:

            def calls(name: str, many: int) -> list[Call]:
                return self.product_calls(name, many) if who == "product" else self.bare_calls(name, many, word=word)

            for name in names:
                send(port, calls(name, 48))
            opened = self.postgres.connections()
            total = 0
            for _turn in range(repeats):
                for name in names:
                    found[name].append(measure(port, calls(name, self.options.requests), application=pid, database=self.postgres.pid))
                    total += found[name][-1].requests
            self.memory[who] = memory_mb(pid)
            opened = self.postgres.connections() - opened
            self.say(f"{who}: {total} requests, {opened} connections opened, {self.memory[who]:.0f} MB a worker")
        return found

    def count_sql(self, who: str, names: tuple[str, ...]) -> dict[str, int]:
        """Count the statements of one request of each kind."""
        if who == "product":
            env, lists = self.env, {name: self.product_calls(name, 2) for name in names}
        else:
            word = WORDS[who]
            env = {**self.bare_env, "DJANGO_SETTINGS_MODULE": f"bench.{who}.settings"}
            lists = {name: self.bare_calls(name, 2, word=word) for name in names}
        plain = {name: [vars(call) for call in calls] for name, calls in lists.items()}
        return dict(self.inside("count_sql", env=env, text=json.dumps(plain)))


WORDS = {"bare_django": "Bearer", "bare_drf": "Token"}
"""What stands before a token."""
JSON = {"Content-Type": "application/json"}


def bearer(key: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {key}"}


def middle(costs: list[Cost]) -> float:
    """Return the middle CPU time of the repeats, ms."""
    return statistics.median(cost.cpu_ms for cost in costs)


PAGES = ("list", "post", "today", "caseload", "login")
ROWS = (
    # what, product's kind, bare project, its kind, allowed ratio
    ("API: a user's 20 latest check-ins", "list", "bare_drf", "list", 1.3),
    ("API: the same, a user with 20,000", "list_heavy", "product", "list", 1.1),
    ("API: POST one check-in", "post", "bare_drf", "post", 1.6),
    ("HTML: the patient's day", "today", "bare_django", "today", 1.5),
    ("HTML: caseload of 200, a page of 40", "caseload", "bare_django", "caseload", 1.3),
    ("HTML: log-in page", "login", "bare_django", "login", 1.6),
)


def table(bench: Bench, product: Costs, small: Costs, bare: dict[str, Costs], sql: dict[str, dict[str, int]]) -> str:
    """Return the result as a table in Markdown."""
    many = bench.options.patients
    lines = [
        f"| CPU ms a request, {many} patients | product (application + database) | SQL | kB "
        f"| beside | ms | SQL | ratio | goal | {SMALL} → {many} patients |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for words, name, who, other, goal in ROWS:
        costs = product[name]
        parts = [statistics.median(one) for one in zip(*((cost.application_ms, cost.database_ms) for cost in costs), strict=True)]
        beside = product[other] if who == "product" else bare[who][other]
        growth = f"× {middle(costs) / middle(small[name]):.2f}" if name in small else "–"
        lines.append(
            f"| {words} | {middle(costs):.2f} ({parts[0]:.2f} + {parts[1]:.2f}) | {sql['product'][name]} | {costs[0].bytes / 1000:.1f} "
            f"| {who.replace('_', ' ')} | {middle(beside):.2f} | {sql[who][other]} "
            f"| **{middle(costs) / middle(beside):.2f}** | ≤ {goal} | {growth} |"
        )
    whole = bare["bare_django"]["caseload_all"]
    lines.append(f"\nBare Django with all {SMALL} patients on one page: {middle(whole):.2f} ms, {whole[0].bytes / 1000:.1f} kB.")
    sizes = ", ".join(f"{who.replace('_', ' ')} {size:.0f}" for who, size in bench.memory.items())
    lines.append(f"Memory of a worker, MB: {sizes} (ratio {bench.memory['product'] / bench.memory['bare_drf']:.2f}).")
    return "\n".join(lines)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--days", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    bench = Bench(options)
    try:
        bench.prepare()
        bench.say("tables are made")
        bench.fill_product(SMALL)
        kinds = (*PAGES, "list_heavy")
        bench.sign_in(0)
        reading = tuple(name for name in PAGES if name != "post")
        small = bench.measure_all("product", reading, max(options.repeats - 1, 1))
        if options.patients > SMALL:
            bench.fill_product(options.patients - SMALL)
        bench.sign_in(48 + options.requests * options.repeats + 10)
        sql = {"product": bench.count_sql("product", kinds)}  # before all who have no check-in today have posted one
        product = bench.measure_all("product", kinds, options.repeats)
        bench.fill_bare()
        bench.say("the bare projects have their rows")
        bare = {}
        for who, names in (("bare_django", (*PAGES, "caseload_all")), ("bare_drf", ("list", "post"))):
            bare[who] = bench.measure_all(who, names, options.repeats)
            sql[who] = bench.count_sql(who, names)
        print(table(bench, product, small, bare, sql))
        bench.say("done")
    finally:
        bench.close()


if __name__ == "__main__":
    main()
