"""MiniLM's weights made into a graph that onnxruntime runs in 8 bits: once, at the installation.

Needs the package `onnx`, which the running hotline does not.
"""

import hashlib
import json
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.models import MINILM, locate

LAYERS, HEADS, SIZE = 6, 12, 384
LONGEST = 256
"""Pieces of the longest sentence."""


def prepare(graph: Path) -> None:
    """Write the graph, the vocabulary and a note of their sums. Raise NotFound without the weights."""
    from onnx import save
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder = locate(MINILM)
    weights = _weights(folder / "model.safetensors")
    graph.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=graph.parent) as making:
        whole, small = Path(making) / "whole.onnx", Path(making) / "small.onnx"
        save(_Graph(weights).model(), str(whole))
        quantize_dynamic(
            whole,
            small,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
        )
        small.replace(graph)
    vocabulary = graph.with_suffix(".txt")
    vocabulary.write_bytes((folder / "vocab.txt").read_bytes())
    sums = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in (graph, vocabulary)}
    note = {"of": dict(MINILM.files)["model.safetensors"], "sums": sums}
    graph.with_suffix(".json").write_text(json.dumps(note), encoding="utf-8")


def _weights(path: Path) -> Mapping[str, NDArray[Any]]:
    """Read a file of safetensors: a length, a header in JSON, the figures."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    return {
        name: np.frombuffer(
            data, np.float32, int(np.prod(about["shape"])), 8 + length + about["data_offsets"][0]
        ).reshape(about["shape"])
        for name, about in header.items()
        if about.get("dtype") == "F32"
    }


class _Graph:
    """The network, one operation after another. Pieces in, [n]; the mean of their vectors out, [384]."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        from onnx import helper

        self._weights = weights
        self._node: Callable[..., Any] = helper.make_node
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self) -> Any:
        """Return the whole network."""
        from onnx import TensorProto, helper

        result = self._do("ReduceMean", [self._network(), self._const("first", np.array([0]))], keepdims=0)
        graph = helper.make_graph(
            self._nodes,
            "minilm",
            [helper.make_tensor_value_info("pieces", TensorProto.INT64, ["n"])],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, [SIZE])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
        model.ir_version = 9
        return model

    def _network(self) -> str:
        words = self._do("Gather", [self._weight("embeddings.word_embeddings.weight"), "pieces"])
        kinds = self._weights["embeddings.token_type_embeddings.weight"][0]
        places = self._weights["embeddings.position_embeddings.weight"][:LONGEST] + kinds
        length = self._do("Shape", ["pieces"])
        start = self._const("start", np.array([0]))
        here = self._do("Slice", [self._const("places", places), start, length])
        line = self._norm(self._do("Add", [words, here]), "embeddings.LayerNorm")
        for layer in range(LAYERS):
            line = self._layer(line, f"encoder.layer.{layer}.")
        return line

    def _layer(self, line: str, name: str) -> str:
        heads = self._const(f"{name}heads", np.array([-1, HEADS, SIZE // HEADS]))
        whole = self._const(f"{name}whole", np.array([-1, SIZE]))
        part = {}
        for kind, turn in (("query", [1, 0, 2]), ("key", [1, 2, 0]), ("value", [1, 0, 2])):
            found = self._do("Reshape", [self._linear(line, f"{name}attention.self.{kind}"), heads])
            part[kind] = self._do("Transpose", [found], perm=turn)
        scale = self._const(f"{name}scale", np.array((SIZE / HEADS) ** -0.5, np.float32))
        alike = self._do("Mul", [self._do("MatMul", [part["query"], part["key"]]), scale])
        seen = self._do("MatMul", [self._do("Softmax", [alike], axis=-1), part["value"]])
        seen = self._do("Reshape", [self._do("Transpose", [seen], perm=[1, 0, 2]), whole])
        seen = self._linear(seen, f"{name}attention.output.dense")
        line = self._norm(self._do("Add", [seen, line]), f"{name}attention.output.LayerNorm")
        inner = self._do("Gelu", [self._linear(line, f"{name}intermediate.dense")])
        outer = self._linear(inner, f"{name}output.dense")
        return self._norm(self._do("Add", [outer, line]), f"{name}output.LayerNorm")

    def _linear(self, line: str, name: str) -> str:
        matrix = self._const(f"{name}.turned", self._weights[f"{name}.weight"].T)
        return self._do("Add", [self._do("MatMul", [line, matrix]), self._weight(f"{name}.bias")])

    def _norm(self, line: str, name: str) -> str:
        parts = [line, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")]
        return self._do("LayerNormalization", parts, epsilon=1e-12, axis=-1)

    def _weight(self, name: str) -> str:
        return self._const(name, self._weights[name])

    def _const(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _do(self, operation: str, inputs: list[str], **more: Any) -> str:
        result = f"v{len(self._nodes)}"
        self._nodes.append(self._node(operation, inputs, [result], **more))
        return result
