"""Runs inside a project (Django is set up): counts the SQL of requests.

JSON {name: [call, …]} on standard input, {name: statements of the last call} on standard output; with the argument "explain" what
PostgreSQL did for each of them goes to standard error.
"""

import json
import sys
import uuid

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

MARKS = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def explain(name: str, statements: list[str]) -> None:
    """Print what the database did for each SELECT."""
    for statement in statements:
        if statement.startswith(("SELECT", "(SELECT")):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}")
                lines = [line for (line,) in cursor.fetchall()]
            sys.stderr.write("\n".join((f"\n--- {name}", statement, *lines, "")))


def main() -> None:
    """Send each call; all but the last warm up."""
    client = Client(SERVER_NAME="127.0.0.1")
    found = {}
    for name, calls in json.load(sys.stdin).items():
        assert calls, f"nobody is left to ask for {name}"
        for call in calls:
            headers = {**call["headers"], "Idempotency-Key": str(uuid.uuid4())} if call["method"] == "POST" else call["headers"]
            with CaptureQueriesContext(connection) as asked:
                answer = client.generic(call["method"], call["path"], call["body"], content_type="application/json", headers=headers)
            assert answer.status_code in {200, 201}, (name, answer.status_code, answer.content[:500])
        statements = [one["sql"] for one in asked.captured_queries if not one["sql"].startswith(MARKS)]
        found[name] = len(statements)
        if "explain" in sys.argv:
            explain(name, statements)
    print(json.dumps(found))
