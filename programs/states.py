"""The moves a program version may make."""

from programs.models import ProgramVersion

VERSION: dict[str, frozenset[str]] = {
    ProgramVersion.Status.PUBLISHED: frozenset({ProgramVersion.Status.DRAFT}),
    ProgramVersion.Status.RETIRED: frozenset({ProgramVersion.Status.PUBLISHED}),
}
