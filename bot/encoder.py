"""A sentence encoder that an agency put into a folder: an ONNX graph, its tokenizer, and files that say how to use it.

Nothing is fetched, and nothing here is imported by a desk without one: its libraries are the extra `encoder`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from bot.errors import ConfigError, Fault
from bot.probe import languages_of
from bot.text import language_of

Floats = npt.NDArray[np.float32]

MOST_TOKENS = 128
"""Tokens of a text that are read at most: a long message takes no longer than some thirty milliseconds."""
_TOKENIZER = "tokenizer.json"
_LIBRARIES = ("onnxruntime", "tokenizers")
_READY = ("sentence_embedding", "text_embeds")
"""Outputs that hold the vector of the whole text already."""
_TRIED = "How do I renew my permit? 怎么续签"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a model is used, as its own files say."""

    pooling: str = "mean"
    """`mean` over the tokens, `cls` for the first one's vector, `max`, or `lasttoken`."""
    tokens: int = MOST_TOKENS
    lower: bool = False
    prefix: str = ""
    """What the model wants before every text."""
    complete: bool = True
    """False where more steps follow than the tokens' vectors and their pooling."""


def folder_fault(folder: Path) -> str | None:
    """Return what keeps `folder` from holding an encoder, as a sentence with its remedy, by its files alone."""
    if not folder.is_dir():
        return f"is {str(folder)!r}, which is no folder; name the folder that holds the encoder"
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        return f"needs {' and '.join(missing)}; install the extra: pip install -c constraints.txt -e '.[encoder]'"
    graphs = _graphs(folder)
    if not graphs:
        return f"is {str(folder)!r}, which holds no ONNX file; put the model's model.onnx there"
    if len(graphs) > 1:
        names = ", ".join(path.name for path in graphs)
        return f"is {str(folder)!r}, which holds several ONNX files ({names}); leave the one to use"
    if not (folder / _TOKENIZER).is_file():
        return f"is {str(folder)!r}, which holds no {_TOKENIZER}; put the model's own there"
    return None


def _graphs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.onnx")) or sorted(folder.glob("onnx/*.onnx"))


@cache
def open_encoder(folder: Path) -> OnnxEncoder:
    """Return the encoder in `folder`, opened once a process. Raises `ConfigError` where it cannot be used."""
    sentence = folder_fault(folder)
    if sentence is not None:
        raise ConfigError([Fault(where="ENCODER_DIR", sentence=sentence)])
    try:
        return OnnxEncoder(folder)
    except Exception as exc:
        told = " ".join(str(exc).split())[:200]
        sentence = f"is {str(folder)!r}, whose model cannot be used ({told}); put a sentence encoder there"
        raise ConfigError([Fault(where="ENCODER_DIR", sentence=sentence)]) from exc


class OnnxEncoder:
    """Turns a text into a vector of length one. Raises whatever its libraries raise for a text they cannot take."""

    def __init__(self, folder: Path) -> None:
        """Open the model in `folder`."""
        # Only a desk with an encoder has these libraries.
        import onnxruntime  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        self._folder = folder
        (graph,) = _graphs(folder)
        self._manner = read_manner(folder)
        options = onnxruntime.SessionOptions()
        # More threads win nothing on a line of text and take cores from whoever serves.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._inputs = [wanted.name for wanted in self._session.get_inputs()]
        self._output, self._ready = _output(self._session.get_outputs())
        if not self._ready and not self._manner.complete:
            raise ValueError(
                "its last steps are not in the graph; export it with sentence_embedding as output"
            )
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        # A text by itself, never a padded batch: padding moves the vectors of 8-bit models.
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._manner.tokens)
        self.size: int = len(self.encode(_TRIED))
        self.languages: frozenset[str] = languages_of(self.encode)
        """Those of `en` and `zh` that it knows."""
        if not self.languages:
            raise ValueError("it takes sentences of like meaning apart, in English and in Chinese")
        self.identity: str = _identity(folder, graph)
        """A digest of the files and the libraries: vectors of another identity are of no use."""

    def reads(self, text: str) -> bool:
        """Say whether the text is in a language that the encoder knows; one without letters is in any."""
        language = language_of(text)
        return language is None or language.split("-", 1)[0] in self.languages

    def encode(self, text: str) -> Floats:
        """Return the vector of a text."""
        manner = self._manner
        text = text.encode(errors="replace").decode()
        read = self._tokenizer.encode(manner.prefix + (text.lower() if manner.lower else text))
        ids = np.array([read.ids], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (found,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
        vector = np.asarray(found[0] if self._ready else _pooled(found[0], manner.pooling), np.float32)
        length = float(np.sqrt(vector @ vector))
        if not np.isfinite(length) or length == 0:
            raise ValueError("the encoder gave no vector")
        return cast(Floats, vector / np.float32(length))

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        # What is fitted travels between processes; the model itself is opened where it arrives.
        return open_encoder, (self._folder,)


def _output(outputs: list[Any]) -> tuple[str, bool]:
    """Return the output to read, and whether it is the text's vector already and not its tokens'."""
    for each in outputs:
        if each.name in _READY:
            return each.name, True
    tokens = [each.name for each in outputs if len(each.shape) == 3]
    if tokens:
        return tokens[0], False
    if len(outputs) == 1 and len(outputs[0].shape) == 2:
        return outputs[0].name, True
    raise ValueError("it gives neither vectors of tokens nor one of the text")


def _pooled(tokens: Floats, pooling: str) -> Floats:
    match pooling:
        case "cls":
            return cast(Floats, tokens[0])
        case "lasttoken":
            return cast(Floats, tokens[-1])
        case "max":
            return cast(Floats, tokens.max(axis=0))
        case _:
            return cast(Floats, tokens.mean(axis=0))


def read_manner(folder: Path) -> Manner:
    """Return how the model is used, from the files that sentence-transformers keeps beside a model.

    Raises `ValueError` for a way of pooling that is not known here.
    """
    pooling = _settings(folder, "1_Pooling/config.json")
    chosen = [
        name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for name, on in pooling.items()
        if name.startswith("pooling_mode_") and on is True
    ]
    if len(chosen) > 1 or not set(chosen) <= {"mean", "cls", "max", "lasttoken"}:
        raise ValueError(f"its pooling is {' and '.join(chosen)}, which the desk does not know")
    sentences, model = _settings(folder, "sentence_bert_config.json"), _settings(folder, "config.json")
    prompts = _settings(folder, "config_sentence_transformers.json")
    prefix = (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name"), "")
    longest = (sentences.get("max_seq_length"), model.get("max_position_embeddings"), MOST_TOKENS)
    steps = _settings(folder, "modules.json")
    kinds = (
        {str(step.get("type", "")).rsplit(".", 1)[-1] for step in steps} if isinstance(steps, list) else set()
    )
    return Manner(
        pooling=chosen[0] if chosen else "mean",
        tokens=min(length for length in longest if isinstance(length, int) and length > 2),
        lower=sentences.get("do_lower_case") is True,
        prefix=str(prefix),
        complete=kinds <= {"Transformer", "Pooling", "Normalize"},
    )


def _settings(folder: Path, name: str) -> Any:
    try:
        return json.loads((folder / name).read_bytes())
    except FileNotFoundError:
        return {}


def _identity(folder: Path, graph: Path) -> str:
    digest = hashlib.sha256("\n".join(f"{name} {version(name)}" for name in _LIBRARIES).encode())
    beside = sorted(path for path in folder.rglob("*.json") if path.is_file())
    # Large models keep their numbers in a second file, named after the first.
    for path in (*sorted(graph.parent.glob(f"{graph.name}*")), *beside):
        digest.update(f"\0{os.path.relpath(path, folder)}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
