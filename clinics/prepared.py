"""Reads whose SQL is written once: the few questions that every request asks, without the cost of asking them anew.

Django writes the SQL of a QuerySet each time it is read; for a row with its relations that takes longer than the database needs to
find it. A `Prepared` read is an ordinary QuerySet whose values are filled in later. Nothing else about it differs: the same scope,
the same models, the same log of statements.
"""

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import ModelIterable, get_related_populators

from clinics.models import Membership, Role, User

M = TypeVar("M", bound=models.Model)
R = TypeVar("R")
Q = TypeVar("Q", bound="models.QuerySet[Any, Any]")

STAND_INS: dict[type, Sequence[Any]] = {
    uuid.UUID: [uuid.UUID(f"5a5a5a5a-{n:04x}-4a5a-8a5a-5a5a5a5a5a5a") for n in range(6)],
    dt.datetime: [dt.datetime(1801, 2, n, 3, 4, 5, tzinfo=dt.UTC) for n in range(1, 4)],
    dt.date: [dt.date(1802, 3, n) for n in range(1, 4)],
    str: [f"stand-in-5a5a-{n}" for n in range(4)],
}
"""Values no row has; where they turn up in the statement, the real ones are put later."""


def as_stored(value: Any) -> Any:
    """Return a value in the form the database's driver takes."""
    connection = connections[DEFAULT_DB_ALIAS]
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    return value


class Prepared(Generic[M]):
    """A QuerySet written once for each thread: `rows(name=value, …)` reads it with these values.

    `build` makes the QuerySet from the named values, whose types `kinds` tells; each must end up as a plain parameter of the
    statement, so None, lists and anything computed from a value do not work here (they raise ValueError at the first read).
    """

    def __init__(self, build: "Callable[..., models.QuerySet[M]]", **kinds: type) -> None:
        """Keep how the QuerySet is built; nothing is read or written yet."""
        self.build = build
        self.kinds = kinds
        self.local = threading.local()

    def rows(self, **values: Any) -> list[M]:
        """Read all rows."""
        statement = getattr(self.local, "statement", None)
        if statement is None or statement.database is not connections[DEFAULT_DB_ALIAS]:
            statement = self.local.statement = ModelStatement(self.build, self.kinds)
        return cast("list[M]", statement.models(**values))

    def first(self, **values: Any) -> M | None:
        """Read one row, None where there is none; the QuerySet itself must be cut to one."""
        rows = self.rows(**values)
        return rows[0] if rows else None


class PreparedOwn(Prepared[M]):
    """The same for what a patient may see: `build` gets a member to narrow its rows to, and `own_rows(member, …)` reads for a real one."""

    def __init__(self, build: "Callable[..., models.QuerySet[M]]", **kinds: type) -> None:
        """Keep how the QuerySet is built."""
        super().__init__(partial(for_member, build, Role.PATIENT), clinic_id=uuid.UUID, membership_id=uuid.UUID, **kinds)

    def own_rows(self, member: Membership, **values: Any) -> list[M]:
        """Read all rows of the member; nobody but a current patient has any."""
        if not (member.is_current and member.is_patient):
            return []
        return self.rows(clinic_id=member.clinic_id, membership_id=member.pk, **values)


class PreparedForKeys(Generic[R]):
    """A QuerySet of rows that belong to some keys, written once for a single key: one record at a time is what nearly all requests ask for.

    `build` makes it from a list of keys and the named values; `rows(keys, …)` reads models or, of a `values_list`, tuples.
    """

    def __init__(self, build: "Callable[..., models.QuerySet[Any, R]]", **kinds: type) -> None:
        """Keep how the QuerySet is built."""
        self.build = build
        self.kinds = {"key": uuid.UUID, **kinds}
        self.local = threading.local()

    def rows(self, keys: Sequence[uuid.UUID], **values: Any) -> list[R]:
        """Read all rows of these keys."""
        if len(keys) != 1:
            return list(self.build(keys, **values)) if keys else []
        statement = getattr(self.local, "statement", None)
        if statement is None or statement.database is not connections[DEFAULT_DB_ALIAS]:
            statement = self.local.statement = self.statement()
        read = statement.models if isinstance(statement, ModelStatement) else statement.read
        return cast("list[R]", read(key=keys[0], **values))

    def statement(self) -> "Statement":
        """Write the statement for one key."""

        def build(key: uuid.UUID, **values: Any) -> "models.QuerySet[Any, R]":
            return self.build([key], **values)

        statement = Statement(build, self.kinds)
        return ModelStatement(build, self.kinds) if statement.has_models else statement


class PreparedForStaff:
    """The same for values a clinic's staff may see: `build` gets a member and makes a `values_list`, one statement for each role."""

    def __init__(self, build: "Callable[..., models.QuerySet[Any, Any]]", **kinds: type) -> None:
        """Keep how the QuerySet is built."""
        self.build = build
        self.kinds = {"clinic_id": uuid.UUID, "membership_id": uuid.UUID, **kinds}
        self.local = threading.local()

    def rows(self, member: Membership, **values: Any) -> list[tuple[Any, ...]]:
        """Read all rows for a real member; nobody but current staff gets any."""
        if not member.is_current or member.is_patient:
            return []
        known: dict[str, Statement] = self.local.__dict__
        statement = known.get(member.role)
        if statement is None or statement.database is not connections[DEFAULT_DB_ALIAS]:
            build = partial(for_member, self.build, Role(member.role))
            statement = known[member.role] = Statement(build, self.kinds, may_lack=frozenset({"membership_id"}))
        return statement.read(clinic_id=member.clinic_id, membership_id=member.pk, **values)


def for_member(build: "Callable[..., Q]", role: Role, *, clinic_id: uuid.UUID, membership_id: uuid.UUID, **values: Any) -> "Q":
    """Build a QuerySet for a member in that role of whom nothing but the two keys is known."""
    who = Membership(pk=membership_id, clinic_id=clinic_id, user=User(is_active=True), role=role, status=Membership.Status.ACTIVE)
    return build(who, **values)


class Statement:
    """The SQL of one QuerySet on one connection, and its rows as the QuerySet would give them: converted, one tuple each."""

    def __init__(
        self, build: "Callable[..., models.QuerySet[Any, Any]]", kinds: dict[str, type], *, may_lack: frozenset[str] = frozenset()
    ) -> None:
        """Write the statement with stand-ins and find them again; raises ValueError where one got lost that it may not lack."""
        self.database = connections[DEFAULT_DB_ALIAS]
        taken = {kind: iter(values) for kind, values in STAND_INS.items()}
        stand_ins = {name: next(taken[kind]) for name, kind in kinds.items()}
        queryset: Any = build(**stand_ins)
        self.has_models = issubclass(queryset._iterable_class, ModelIterable)
        self.compiler = compiler = queryset.query.get_compiler(connection=self.database)
        self.sql, params = compiler.as_sql()
        names = {as_stored(value): name for name, value in stand_ins.items()}
        self.params = [(names.get(param) if param.__hash__ else None, param) for param in params]
        lost = set(kinds) - {name for name, _param in self.params} - may_lack
        if lost:
            raise ValueError(f"not a plain parameter: {', '.join(sorted(lost))}")
        self.converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])

    def read(self, **values: Any) -> list[tuple[Any, ...]]:
        """Execute the statement with these values."""
        filled = {name: as_stored(value) for name, value in values.items()}
        params = [param if name is None else filled[name] for name, param in self.params]
        with self.database.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows: Any = cursor.fetchall()
        return [tuple(row) for row in self.compiler.apply_converters(rows, self.converters)] if self.converters else rows


class ModelStatement(Statement):
    """A statement whose rows become models, with the relations that were asked for."""

    def __init__(self, build: "Callable[..., models.QuerySet[Any]]", kinds: dict[str, type]) -> None:
        """Write the statement and find out which columns make which model."""
        super().__init__(build, kinds)
        compiler = self.compiler
        info: dict[str, Any] = compiler.klass_info or {}
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        self.columns = slice(first, last)
        self.model = info["model"]
        self.names = [column[0].target.attname for column in compiler.select[first:last]]
        self.populators = cast(Any, get_related_populators)(info, compiler.select, self.database.alias)
        self.annotations = list((compiler.annotation_col_map or {}).items())

    def models(self, **values: Any) -> list[models.Model]:
        """Execute the statement with these values and make models of its rows."""
        found = []
        for row in self.read(**values):
            one = self.model.from_db(self.database.alias, self.names, row[self.columns])
            for populator in self.populators:
                populator.populate(row, one)
            for name, place in self.annotations:
                setattr(one, name, row[place])
            found.append(one)
        return found


class PreparedInsert:
    """An INSERT of one whole row, written once; no signals are sent, defaults are those of the model."""

    def __init__(self, model: type[models.Model]) -> None:
        """Keep which table it is."""
        self.model = model
        self.fields: list[Any] = list(model._meta.local_concrete_fields)
        self.sql = ""

    def write(self, row: models.Model) -> None:
        """Insert the row; raises IntegrityError where it exists."""
        database = connections[DEFAULT_DB_ALIAS]
        if not self.sql:
            quote = database.ops.quote_name
            columns = ", ".join(quote(field.column) for field in self.fields)
            marks = ", ".join(["%s"] * len(self.fields))
            self.sql = f"INSERT INTO {quote(self.model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
        params = [field.get_db_prep_save(field.pre_save(row, add=True), database) for field in self.fields]
        with database.cursor() as cursor:
            cursor.execute(self.sql, params)
        row._state.adding = False


class PreparedUpdate:
    """An UPDATE of the same columns of one row, written once; it takes effect only where all of the look-up is still true."""

    def __init__(self, model: type[models.Model], columns: Sequence[str], look_up: Sequence[str]) -> None:
        """Keep the names of the fields that are set and of those that must be as they are known to be."""
        self.model = model
        self.set: list[Any] = [model._meta.get_field(name) for name in columns]
        self.where: list[Any] = [model._meta.pk if name == "pk" else model._meta.get_field(name) for name in look_up]
        self.sql = ""

    def write(self, row: models.Model, *known: Any) -> bool:
        """Write the row's values where the look-up's fields hold the known ones; tell whether there was such a row."""
        database = connections[DEFAULT_DB_ALIAS]
        if not self.sql:
            quote = database.ops.quote_name
            changes = ", ".join(f"{quote(field.column)} = %s" for field in self.set)
            conditions = " AND ".join(f"{quote(field.column)} = %s" for field in self.where)
            self.sql = f"UPDATE {quote(self.model._meta.db_table)} SET {changes} WHERE {conditions}"  # noqa: S608 - our own names
        params = [field.get_db_prep_save(getattr(row, field.attname), database) for field in self.set]
        params += [field.get_db_prep_value(value, database) for field, value in zip(self.where, known, strict=True)]
        with database.cursor() as cursor:
            cursor.execute(self.sql, params)
            return bool(cursor.rowcount)
