"""What other modules may use of valuations."""

from app.valuations.domain.recusal import (
    Expert,
    ExpertMustRecuse,
    RecusalGround,
    RecusalKind,
    Subject,
    find_recusals,
    require_no_recusal,
)
from app.valuations.service.recusing import expert_facts, subject_facts

__all__ = [
    "Expert",
    "ExpertMustRecuse",
    "RecusalGround",
    "RecusalKind",
    "Subject",
    "expert_facts",
    "find_recusals",
    "require_no_recusal",
    "subject_facts",
]
