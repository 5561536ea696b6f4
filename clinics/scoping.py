"""Tenancy in one place: which rows a member may see."""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from django.db import models
from django.db.models import Q, Subquery

if TYPE_CHECKING:
    from clinics.models import Membership

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M], Generic[M]):
    """A QuerySet that knows how to narrow itself to one member."""

    def visible_to(self, member: "Membership | None") -> Self:
        """Return the rows this member may read: own clinic for staff, own record for a patient, none without a path."""
        if member is None or not member.is_current:
            return self.none()
        scope: Scope = getattr(self.model, "scope", Scope())
        if member.is_patient:
            if scope.patient is None or scope.clinic is None:
                return self.none()
            return self.filter(**{scope.clinic: member.clinic_id}, **scope.own(self.model, member))
        if scope.clinic is None:
            return self.none()
        own = Q(**{scope.clinic: member.clinic_id})
        if scope.shared:
            own |= Q(**{f"{scope.clinic}__isnull": True})
        return self.filter(own)


def one_of(rows: "models.QuerySet[M]") -> M | None:
    """Return the row a look-up by key finds, None where there is none; unlike `first` it asks for no order, which costs wide rows a lot."""
    return next(iter(rows.order_by()[:1]), None)


class Scope:
    """The look-ups that lead from a row to its clinic and to the membership of its patient; no path, no rows."""

    __slots__ = ("clinic", "patient", "shared")

    def __init__(self, clinic: str | None = None, patient: str | None = None, *, shared: bool = False) -> None:
        """Name the paths; `shared` lets staff read rows whose clinic is null as well."""
        self.clinic = clinic
        self.patient = patient
        self.shared = shared

    def own(self, model: type[models.Model], member: "Membership") -> dict[str, Any]:
        """Return the look-up of a patient's own rows: over another table by that row's id, which leads the indexes that also sort."""
        key, _, rest = (self.patient or "").partition("__")
        if not rest:
            return {key: member.pk}
        record: Any = model._meta.get_field(key).related_model
        return {key: Subquery(record._default_manager.filter(**{rest: member.pk}).order_by().values("pk")[:1])}


class ScopedModel(models.Model):
    """Base of every model that web code reads."""

    scope: ClassVar[Scope] = Scope()
    coded: ClassVar[frozenset[str]] = frozenset()
    """Text and JSON columns that hold our own words, codes and dates: they stay when a person is erased, every other text is emptied."""
    goes_with_person: ClassVar[bool] = False
    """Whether rows are deleted, instead of kept without a name, when their person is erased."""

    objects: ClassVar[Any] = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
