"""What the list of one large clinic costs: first page, later pages, filters and search, beside a bare list of as many people.

    python bench/caseload.py [--patients 10000] [--days 60] [--requests 100] [--explain]

One connection, one request after the other: the wall times are those of one person on this machine. `--explain` prints what PostgreSQL
did for each statement of each page. Needs PostgreSQL's programs; everything is thrown away after.
"""

import argparse
import http.client
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.meter import Call, cpu_ms
from bench.pages import WORKERS, Bench
from bench.servers import free_port, gunicorn

SLUG = "big"
WARM_UP = 12
LIST = "/patients/?who=clinic"
PAGES = {
    "first page, the whole clinic": LIST,
    "first page, one's own": "/patients/?who=mine",
    "page 100": f"{LIST}&page=100",
    "one program": f"{LIST}&program=LL",
    "one week of it": f"{LIST}&program=LL&week=3",
    "by name": f"{LIST}&order=name",
    "search: a number": f"{LIST}&q=00815",
    "search: two words": f"{LIST}&q=ma%20no",
    "search: one letter": f"{LIST}&q=m",
    "search: nobody": f"{LIST}&q=xyzzy",
}
BARE = {"bare Django: 40 of as many by name": "/caseload/?rows=40", "bare Django: search within the name": "/caseload/?rows=40&q=a1"}


@dataclass(frozen=True)
class Result:
    """What one kind of page cost: CPU of application and database and the middle and 95th wall time in ms, bytes."""

    name: str
    application_ms: float
    database_ms: float
    middle_ms: float
    p95_ms: float
    size: int


def ask(port: int, calls: Sequence[Call]) -> tuple[list[float], int]:
    """Send the calls one after the other over one connection; return the wall times in ms, sorted, and the bytes of the last answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times, size = [], 0
    for call in calls:
        began = time.perf_counter()
        connection.request(call.method, call.path, headers=call.headers)
        answer = connection.getresponse()
        size = len(answer.read())
        times.append(1000 * (time.perf_counter() - began))
        if answer.status != call.status:
            raise RuntimeError(f"{call.path}: {answer.status}")
    connection.close()
    return sorted(times), size


def measure(bench: Bench, pages: dict[str, str], cookie: str, arguments: list[str], env: dict[str, str], ready: str) -> list[Result]:
    """Serve one project and measure each page."""
    port, many = int(env.get("PORT") or free_port()), bench.options.requests
    bind = [] if "PORT" in env else ["--bind", f"127.0.0.1:{port}"]
    module = env["DJANGO_SETTINGS_MODULE"]
    found = []
    with gunicorn([*arguments, *bind], port, env, ready) as pid:
        for name, path in pages.items():
            call = Call(path, headers={"Cookie": cookie})
            ask(port, [call] * WARM_UP)
            before = cpu_ms(pid), cpu_ms(bench.postgres.pid)
            times, size = ask(port, [call] * many)
            after = cpu_ms(pid), cpu_ms(bench.postgres.pid)
            application, database = ((after[place] - before[place]) / many for place in (0, 1))
            found.append(Result(name, application, database, times[many // 2], times[int(many * 0.95)], size))
    bench.say(f"{module}: {len(pages)} pages, {many} requests each")
    return found


def table(results: Sequence[tuple[Result, int]], bare: Result) -> str:
    """Return the result as a table in Markdown; ratios are of CPU to the bare list."""
    lines = ["| page | SQL | kB | CPU ms (application + database) | p50 ms | p95 ms | CPU beside bare |", "|---|---|---|---|---|---|---|"]
    whole = bare.application_ms + bare.database_ms
    for one, statements in results:
        cpu = one.application_ms + one.database_ms
        lines.append(
            f"| {one.name} | {statements} | {one.size / 1000:.1f} | {cpu:.1f} ({one.application_ms:.1f} + {one.database_ms:.1f}) "
            f"| {one.middle_ms:.1f} | {one.p95_ms:.1f} | {cpu / whole:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    bench = Bench(options)
    try:
        bench.prepare()
        fill = ["--patients", str(options.patients), "--days", str(options.days), "--clinic", SLUG]
        bench.run("manage.py", "load_demo", *fill, env=bench.env)
        bench.postgres.run("physio_bench", "vacuum analyze")
        bench.say(f"{options.patients} patients with {options.days} days in one clinic")
        bench.fill_bare()
        bench.postgres.run("physio_bare", "update bare_django_patient set clinic = 1; vacuum analyze")
        cookie = bench.inside("product", "staff", SLUG, env=bench.env)["therapist"]
        env = {**bench.env, "PORT": str(free_port())}
        product = measure(bench, PAGES, cookie, ["--config", "python:physio.gunicorn_conf"], env, "/healthz")
        bare_env = {**bench.bare_env, "DJANGO_SETTINGS_MODULE": "bench.bare_django.settings"}
        bare = measure(bench, BARE, bench.bare_cookies[0], ["bench.bare_django.wsgi", *WORKERS], bare_env, "/api/check-ins/")
        told = []
        for results, pages, who, where in ((product, PAGES, cookie, bench.env), (bare, BARE, bench.bare_cookies[0], bare_env)):
            calls = {name: [vars(Call(path, headers={"Cookie": who}))] * 2 for name, path in pages.items()}
            explain = ["explain"] if options.explain and where is bench.env else []
            statements = bench.inside("count_sql", *explain, env=where, text=json.dumps(calls))
            told += [(one, statements[one.name]) for one in results]
        print(table(told, bare[0]))
        bench.say("done")
    finally:
        bench.close()


if __name__ == "__main__":
    main()
