"""Writes a network in the form that ONNX runtimes read.

A few messages of protocol buffers, numbered as in ``onnx.proto``: the package ``onnx`` would be one
more compiled dependency for nothing else.
"""

import struct
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np

_IR_VERSION: Final = 9
_OPSET: Final = 20
_TYPES: Final = {"float32": 1, "int8": 3, "int64": 7}
_FLOAT, _INT = 1, 2  # of attributes
_Message: TypeAlias = list[bytes]  # in parts, so that weights are copied once


class Network:
    """A network as it grows: every method gives back the name of what it added."""

    def __init__(self) -> None:
        self._nodes: list[_Message] = []
        self._constants: list[_Message] = []
        self._names = 0

    def constant(self, values: np.ndarray[Any, Any]) -> str:
        """Add a tensor of fixed values."""
        name = self._name()
        self._constants.append(
            _all(_field(1, length) for length in values.shape)
            + _field(2, _TYPES[values.dtype.name])
            + _field(8, name)
            + _field(9, values.tobytes())
        )
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: int | float) -> str:
        """Add an operator; an empty name stands for an optional input that is left out."""
        name = self._name()
        self._nodes.append(
            _all(_field(1, each) for each in inputs)
            + _field(2, name)
            + _field(4, operator)
            + _all(_field(5, _attribute(*each)) for each in attributes.items())
            + _field(7, domain)
        )
        return name

    def model(self, *, given: dict[str, tuple[str | int, ...]], wanted: str) -> bytes:
        """Return the whole as a file.

        Args:
            given: The float32 inputs with their shapes; a text is a length that may vary.
            wanted: Name of the output.
        """
        graph = (
            _all(_field(1, node) for node in self._nodes)
            + _field(2, "zhepai")
            + _all(_field(5, constant) for constant in self._constants)
            + _all(_field(11, _value(*each)) for each in given.items())
            + _field(12, _field(1, wanted))
        )
        versions = (("", _OPSET), ("com.microsoft", 1))
        return b"".join(
            _field(1, _IR_VERSION)
            + _field(7, graph)
            + _all(_field(8, _field(1, name) + _field(2, n)) for name, n in versions)
        )

    def _name(self) -> str:
        self._names += 1
        return f"n{self._names}"


def _attribute(name: str, value: int | float) -> _Message:
    if isinstance(value, float):
        return _field(1, name) + _field(2, value) + _field(20, _FLOAT)
    return _field(1, name) + _field(3, value) + _field(20, _INT)


def _value(name: str, shape: tuple[str | int, ...]) -> _Message:
    lengths = _all(_field(1, _field(1 if isinstance(each, int) else 2, each)) for each in shape)
    tensor = _field(1, _TYPES["float32"]) + _field(2, lengths)
    return _field(1, name) + _field(2, _field(1, tensor))


def _all(messages: Iterable[_Message]) -> _Message:
    return list(chain.from_iterable(messages))


def _field(number: int, value: int | float | str | bytes | _Message) -> _Message:
    if isinstance(value, float):
        return [_varint(number << 3 | 5), struct.pack("<f", value)]
    if isinstance(value, int):
        return [_varint(number << 3), _varint(value)]
    if isinstance(value, str):
        value = value.encode()
    parts = [value] if isinstance(value, bytes) else value
    return [_varint(number << 3 | 2), _varint(sum(map(len, parts))), *parts]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
