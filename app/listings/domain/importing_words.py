"""The words of an import of achievements."""

from collections.abc import Mapping
from typing import Final

from app.shared.tables.words import Words

# Words of our own enumerations; the code tables bring theirs.
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "empowerment": {
        "none": "未赋权",
        "ownership_share": "赋予所有权份额",
        "long_term_use": "赋予长期使用权",
    },
    "confidentiality": {"public": "公开", "restricted": "受限"},
    "secrecy": {
        "not_reviewed": "未审查",
        "cleared": "审查通过",
        "state_secret": "涉及国家秘密",
    },
    "ip_status": {
        "granted": "授权",
        "pending": "申请中",
        "registered": "已登记",
        "kept_secret": "保密",
        "lapsed": "失效",
    },
}
_SYNONYMS: Final = {"已授权": "granted", "有效": "granted", "受理": "pending", "已失效": "lapsed"}
WORDS: Final = Words(_OWN, _SYNONYMS)
