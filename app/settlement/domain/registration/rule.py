"""A rule of the linter: what it looks at, how heavy it is, where it comes from, what it says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.settlement.domain.registration.record import ContractRecord
from app.settlement.domain.registration.report import Finding, Section, Severity


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule says of a record: the field, what is wrong and how to mend it.

    Attributes:
        message, mend: Chinese and English.
        section: Where it is mended, if not where the rule usually looks.
    """

    field: str
    message: tuple[str, str]
    mend: tuple[str, str]
    accepted: tuple[str, ...] = ()
    section: Section | None = None


Find = Callable[[ContractRecord], Iterator[Told]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: Stable name, as findings bear it.
        source: Law article, rule text or standard; ``登记表`` is the national form, ``实务`` what
            offices do without a text.
        title_en: What the rule demands.
        find: Pure; yields nothing of a record that keeps the rule.
    """

    id: str
    severity: Severity
    section: Section
    source: str
    title_zh: str
    title_en: str
    find: Find

    def judge(self, record: ContractRecord) -> Iterator[Finding]:
        """Yield the findings on a record."""
        for told in self.find(record):
            section = told.section or self.section
            yield Finding(
                rule=self.id,
                severity=self.severity,
                field=told.field,
                section=section,
                page=record.pages.get(section),
                source=self.source,
                message_zh=told.message[0],
                message_en=told.message[1],
                mend_zh=told.mend[0],
                mend_en=told.mend[1],
                accepted=told.accepted,
            )


def rule(
    severity: Severity, section: Section, source: str, title_zh: str
) -> Callable[[Find], Rule]:
    """Make a rule of a function: its name is the rule's, its docstring's first line the title."""

    def make(find: Find) -> Rule:
        title_en = (find.__doc__ or "").partition("\n")[0].rstrip(".")
        return Rule(find.__name__, severity, section, source, title_zh, title_en, find)

    return make
