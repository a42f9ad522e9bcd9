"""How the gate of demands reads Chinese text: numbers, big words, words of substance."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from app.shared.words import words_of

# Digits, and the Chinese ways to say a share or a multiple: 八成, 两倍, 百分之五, 一半.
_NUMBER: Final = re.compile(
    r"\d|[一二两三四五六七八九十百千]+(?:成|倍|个百分点)|百分之|一半|过半"
    r"|[一二两三四五六七八九十百千]+(?:秒|分钟|小时|天|周|个月|年|毫米|厘米|米|公里|克|公斤|吨|元|万|亿|度|级|批)"
)
_CLAUSE: Final = re.compile(r"[。；;！!\n]+")
# Praise and comparisons that nobody can measure unless a figure stands beside them.
_BIG: Final = re.compile(
    r"(?:显著|明显|大幅|极大|大大|有效|全面|较大幅度|进一步)地?度?"
    r"(?:提|改善|改进|降|减少|增|缩|优化|优于|好于|高于|低于|节约|节省)"
    r"|(?:国际|国内|世界|全球|行业|业内|同行)(?:领先|先进|一流|前沿|顶尖)|(?:先进|领先|一流)水平"
    r"|填补.{0,4}空白|性能优[异良]|高性能|高可靠|高质量|高水平|尽可能|尽量(?!程)|一定程度|若干|等等"
)
_PRESENT: Final = re.compile(
    r"目前|现有|现在|当前|现状|现阶段|现用|在用|已有|原有|原先|以往|此前|曾|一直|仍|尚|长期|过去|每年|每班"
    r"|每天|每月|每次|平均|试用|尝试|使用|采用|依靠|依赖|靠人工|全靠|把.{1,12}用于|只能|不足|漂移|波动|制约"
    r"|损失|返修|年产|居高不下"
)
_DIMENSIONLESS: Final = re.compile(
    r"比|系数|因子|指数|倍数|率|数量|个数|次数|等级|级别|pH|PH|ph|数$|度$"
)
# What stands in every demand and tells none from another.
_FILLER_TEXT: Final = """
技术 需求 问题 研发 研究 开发 合作 公司 我们 我司 本公司 企业 单位 希望 解决 进行 能够
实现 相关 先进 水平 项目 产品 方面 通过 可以 需要 提高 提升 提供 降低 改善 改进 优化
效果 效率 性能 质量 成本 关键 核心 领域 行业 市场 方案 系统 设备 应用 以及 同时 但是
因此 由于 目前 现有 现在 当前 要求 满足 具有 采用 达到 显著 明显 大幅 有效 一定 相应
国内 国际 领先 一流 专家 团队 高校 院所 寻求 攻关 突破 瓶颈 难题 创新 发展 升级 转型
智能 智能化 数字化 高端 优质 良好 较好 更好 进一步 不断 全面 各种 各类 多种 有关 情况
工作 建设 完成 支持 能力 优势 欢迎 联系 面议 详谈 如下 包括 其中 等等 比较 非常
"""
_FILLERS: Final = frozenset(_FILLER_TEXT.split())
_EMPTY_METHOD: Final = re.compile(
    r"(?:按|依|依据|参照|根据|见|详见|由)?(?:相关|有关|国家|行业|企业|附件|双方|第三方|甲方|需方)*"
    r"(?:标准|规定|要求|附件|约定|协商|商定|测试|检测|检验|验收|机构)*(?:执行|确定|为准|进行)?"
)
_METHOD: Final = re.compile(r"(?:法|计|仪|表|尺|秤|色谱|光谱|质谱|天平|试验|测量机)$")
TEST_CHARACTERS_MIN: Final = 6


def plain(text: str | None) -> str:
    """Return a text in its normal form (NFKC) without white space."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def has_number(text: str) -> bool:
    """Tell whether a text states a figure."""
    return bool(_NUMBER.search(plain(text)))


def has_big_words_alone(text: str) -> bool:
    """Tell whether a clause praises or compares without stating any figure."""
    return any(
        _BIG.search(clause) and not _NUMBER.search(clause)
        for clause in _CLAUSE.split(unicodedata.normalize("NFKC", text))
    )


def tells_the_present(text: str) -> bool:
    """Tell whether a text says how something is done today, or was tried before."""
    return bool(_PRESENT.search(plain(text)))


def is_dimensionless(name: str) -> bool:
    """Tell whether a target's name is that of a figure without unit."""
    return bool(_DIMENSIONLESS.search(plain(name)))


def names_a_test(text: str) -> bool:
    """Tell whether a test method says how, and more than 'by the relevant standard'."""
    told = plain(text)
    named = len(told) >= TEST_CHARACTERS_MIN or _METHOD.search(told) is not None
    return named and _EMPTY_METHOD.fullmatch(told) is None


def substance(texts: Iterable[str]) -> tuple[frozenset[str], int]:
    """Return the different words of substance, and the count of all words of two or more."""
    words = list(_long(texts))
    return frozenset(word for word in words if word not in _FILLERS), len(words)


def filler_count(texts: Iterable[str]) -> int:
    """Return how many words of two or more say nothing of this demand."""
    return sum(word in _FILLERS for word in _long(texts))


def _long(texts: Iterable[str]) -> Iterator[str]:
    return (word for word in words_of(*texts) if len(word) > 1)
