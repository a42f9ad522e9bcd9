"""Texts of a large shelf: compounds of trade words with Zipf-like frequencies, no two alike."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Words of each kind by falling frequency; compounds of them make some 8,000 further words.
_COMMON: Final = _words(
    "技术 方法 系统 装置 材料 工艺 制备 检测 控制 性能 设备 结构 应用 高效 智能 数据 监测"
    " 优化 处理 设计 模型 温度 效率 稳定 传感器 成本 环保 节能 识别 平台 自动化 分析 生产线"
    " 网络 算法 表面 快速 精密 在线 数字 信号 参数 综合 安全 寿命 强度 精度 可靠性 样机 中试"
    " 示范"
)
_BASES: Final = _words(
    "钙钛矿 石墨烯 碳纤维 氮化镓 碳化硅 水凝胶 陶瓷 合金 铜箔 薄膜 涂层 树脂 纤维素 沸石"
    " 催化剂 电解液 隔膜 正极 负极 靶材 粉末 胶黏剂 玻璃 混凝土 沥青 生物炭 多肽 抗体 疫苗"
    " 酶制剂 益生菌 发酵液 提取物 缓释片 支架 导管 内窥镜 监护仪 假肢 种子 秸秆 饲料 茶叶"
    " 海藻 对虾 土壤 污泥 废水 烟气 飞灰 尾矿 轴承 齿轮 叶片 阀门 泵 模具 刀具 焊缝 机床"
    " 机械臂 无人机 雷达 激光器 光纤 芯片 天线 电机 逆变器 储能柜 充电桩 电池包 氢气瓶"
    " 燃料电池 光伏板 风机 变压器 电缆 桥梁 隧道 路面 钢轨 船体 集装箱 电梯 幕墙 管网 锅炉"
)
_MODIFIERS: Final = _words(
    "纳米 微米 多孔 柔性 超疏水 耐高温 抗菌 阻燃 导热 导电 磁性 可降解 自修复 高熵 低温 超声"
    " 微波 等离子 激光 电化学 光催化 水热 溶胶凝胶 静电纺丝 三维打印 真空 连续 模块化 分布式"
    " 边缘计算 深度学习 强化学习 联邦学习 多模态 毫米波 太赫兹 红外 荧光 拉曼 量子点 微流控"
    " 免疫层析 基因编辑 单细胞 靶向 缓释 可穿戴 无创 低轨 海上 高原 深海 寒区 大跨度 轻量化"
    " 高转速 高频 宽带 低功耗 高压 常压 无氟 无铅 低碳 零排放"
)
_ACTS: Final = _words(
    "合成 改性 回收 再生 提纯 分离 萃取 结晶 烧结 封装 焊接 切削 抛光 成形 装配 标定 巡检"
    " 诊断 预警 预测 调度 仿真 建模 追溯 加密 压缩 定位 导航 跟踪 抓取 采收 灌溉 育种 养殖"
    " 消毒 筛查 康复 给药 固定 修复"
)
_LINKS: Final = ("，", "，", "、", "的", "与", "。", "，并以", "；采用", "，经", "后", "，使")
FIELDS: Final = (
    "electronic_information", "advanced_manufacturing", "new_materials", "biology_medicine_devices",
    "new_energy_efficiency", "environment_resources", "agriculture", "modern_transport",
    "urban_social_development", "aerospace", "nuclear_application",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShelfText:
    """What an entry says in words.

    Attributes:
        model: A type designation that no other entry has.
    """

    title: str
    keywords: tuple[str, ...]
    abstract: str
    model: str


def vocabulary() -> list[str]:
    """Return all words by falling frequency: common ones first, then mixed by a fixed seed."""
    compounds = [f"{first}{base}" for first, base in itertools.product(_MODIFIERS, _BASES)]
    acts = [f"{base}{act}" for base, act in itertools.product(_BASES, _ACTS)]
    rest = [*_BASES, *_MODIFIERS, *_ACTS, *compounds, *acts]
    np.random.default_rng(11).shuffle(rest)
    return [*_COMMON, *rest]


def texts(count: int, *, seed: int) -> Iterator[ShelfText]:
    """Yield entries whose n-th most frequent word comes about 1/n as often as the first."""
    words = vocabulary()
    chance = np.random.default_rng(seed)
    weights = 1 / np.arange(5, len(words) + 5)
    weights /= weights.sum()
    slice_ = 5_000
    for start in range(0, count, slice_):
        size = min(slice_, count - start)
        picks = chance.choice(len(words), size=(size, 44), p=weights)
        links = chance.integers(0, len(_LINKS), size=(size, 36))
        figures = chance.integers(1, 1000, size=(size, 4))
        for row in range(size):
            picked = [words[pick] for pick in picks[row]]
            model = f"zp{seed}x{start + row:06}"
            body = "".join(
                f"{word}{_LINKS[link]}" for word, link in zip(picked[8:], links[row], strict=True)
            )
            one, two, three, four = figures[row]
            yield ShelfText(
                title="".join(dict.fromkeys(picked[:4])),
                keywords=tuple(dict.fromkeys(picked[4:8])),
                abstract=f"{body}型号{model}，实测{one}.{two}，提高{three}%，已运行{four}小时。",
                model=model,
            )
