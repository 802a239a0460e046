"""A sentence encoder from a folder: what the folder must hold, how its files are read, and what it makes of texts."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import bot.encoder
from bot.app import Key, open_app
from bot.cache import Cache
from bot.cli import main
from bot.config import read_settings
from bot.corpus import Corpus, build_corpus
from bot.encoder import Manner, OnnxEncoder, open_encoder, read_manner
from bot.errors import ConfigError
from bot.fit import FitWorker
from bot.matching import Item, MatchPolicy, Meanings, fit
from tests import minilm
from tests.parts import ANSWERED

ASKED = "Where may I leave my car overnight?"
LIKE = "overnight parking for my vehicle"
UNLIKE = "I lost my passport abroad"


def told(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_settings({"ENCODER_DIR": str(folder)})
    return str(caught.value)


def test_texts_of_like_meaning_have_like_vectors_of_length_one(encoder: OnnxEncoder) -> None:
    asked, like, unlike = (encoder.encode(text) for text in (ASKED, LIKE, UNLIKE))
    assert np.linalg.norm(asked) == pytest.approx(1, abs=1e-5)
    assert (asked.shape, asked.dtype) == ((encoder.size,), np.float32)
    assert asked @ like > 0.6
    assert asked @ unlike < 0.3


def test_eight_bits_say_nearly_what_thirty_two_say(encoder: OnnxEncoder, tmp_path: Path) -> None:
    whole = OnnxEncoder(minilm.write(tmp_path, eight_bits=False))
    assert encoder.encode(ASKED) @ whole.encode(ASKED) > 0.97
    assert encoder.identity != whole.identity


def test_a_long_text_is_read_in_part_and_an_empty_or_broken_one_at_all(encoder: OnnxEncoder) -> None:
    assert np.array_equal(encoder.encode("car " * 100_000), encoder.encode("car " * 1_000))
    for text in ("", " ", "\ud800", "\x00", "停车"):
        assert np.isfinite(encoder.encode(text)).all()


def test_it_travels_between_processes_by_its_folder_alone(encoder: OnnxEncoder, encoder_dir: Path) -> None:
    packed = pickle.dumps(encoder)
    assert len(packed) < 1_000
    assert pickle.loads(packed) is encoder is open_encoder(encoder_dir)


def test_the_desk_runs_without_one_unless_it_is_told_of_one(encoder_dir: Path) -> None:
    assert read_settings({}).encoder_dir is None
    assert read_settings({"ENCODER_DIR": str(encoder_dir)}).encoder_dir == encoder_dir


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "ENCODER_DIR: is" in told(tmp_path / "none")
    assert "which is no folder; name the folder that holds the encoder" in told(tmp_path / "none")


def test_a_folder_without_a_model_or_a_tokenizer_or_with_two_models_is_told(tmp_path: Path) -> None:
    assert "holds no ONNX file; put the model's model.onnx there" in told(tmp_path)
    (tmp_path / "model.onnx").touch()
    assert "holds no tokenizer.json; put the model's own there" in told(tmp_path)
    (tmp_path / "other.onnx").touch()
    assert "holds several ONNX files (model.onnx, other.onnx); leave the one to use" in told(tmp_path)


def test_missing_libraries_are_told_with_how_to_install_them(
    encoder_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.encoder, "find_spec", lambda name: None)
    assert "needs onnxruntime and tokenizers; install the extra: pip install" in told(encoder_dir)


async def test_a_model_that_cannot_be_used_ends_the_start_with_a_sentence(
    encoder_dir: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(encoder_dir, tmp_path / "broken"))
    (folder / "model.onnx").write_bytes(b"not a model")
    settings = read_settings({"ENCODER_DIR": str(folder), "DATA_DIR": str(tmp_path / "data")})
    with pytest.raises(ConfigError, match=r"whose model cannot be used .*; put a sentence encoder there"):
        await open_app(settings, Key(value=bytes(32), place="here", made=False))
    assert not (tmp_path / "data").exists()


def test_a_model_whose_last_steps_are_elsewhere_is_refused(encoder_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(encoder_dir, tmp_path / "dense"))
    steps = [{"type": f"sentence_transformers.models.{kind}"} for kind in ("Transformer", "Pooling", "Dense")]
    (folder / "modules.json").write_text(json.dumps(steps))
    with pytest.raises(ConfigError, match="its last steps are not in the graph"):
        open_encoder(folder)


@pytest.mark.parametrize(("files", "manner"), [
    ({}, Manner()),
    ({"config.json": {"max_position_embeddings": 64}}, Manner(tokens=64)),
    ({"sentence_bert_config.json": {"max_seq_length": 32, "do_lower_case": True}}, Manner(tokens=32, lower=True)),
    ({"1_Pooling/config.json": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}}, Manner(pooling="cls")),
    ({"1_Pooling/config.json": {"pooling_mode_lasttoken": True}}, Manner(pooling="lasttoken")),
    ({"config_sentence_transformers.json": {"prompts": {"query": "query: "}, "default_prompt_name": "query"}}, Manner(prefix="query: ")),
    ({"config_sentence_transformers.json": {"prompts": {"query": "query: "}, "default_prompt_name": None}}, Manner()),
])  # fmt: skip
def test_how_a_model_is_used_is_read_from_its_own_files(
    files: dict[str, object], manner: Manner, tmp_path: Path
) -> None:
    for name, values in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(values))
    assert read_manner(tmp_path) == manner


def test_an_unknown_pooling_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_weightedmean_tokens": True}))
    with pytest.raises(ValueError, match="weightedmean"):
        read_manner(tmp_path)


def test_it_is_found_out_which_languages_a_model_knows(encoder: OnnxEncoder) -> None:
    assert encoder.languages == {"en"}
    assert [encoder.reads(text) for text in (ASKED, "停车", "停車場", "110?")] == [True, False, False, True]


def test_a_message_in_a_language_the_model_does_not_know_is_ranked_as_without_it(
    encoder: OnnxEncoder, corpus: Corpus
) -> None:
    with_it = build_corpus(corpus.content, encoder=encoder).matcher
    for text in ("自行车灯", "轮渡几点开", "自行車燈要不要裝"):
        ranked, plain = with_it.rank(text), corpus.matcher.rank(text)
        assert ranked.candidates == plain.candidates
        assert ranked.listed == plain.listed


async def test_the_fitting_process_uses_it_too(encoder: OnnxEncoder) -> None:
    items = [
        Item(key="intent:parking", examples=(LIKE, "where to park at night", "is parking free after ten")),
        Item(key="intent:passport", examples=("renew my passport", "passport fee", "a new passport")),
        Item(key="intent:noise", examples=("loud music", "my neighbours are loud", "noise at night")),
    ]
    worker = FitWorker()
    try:
        aside = await worker.fit(items, (), MatchPolicy(), Meanings(encoder))
    finally:
        worker.stop()
    here = fit(items, (), MatchPolicy(), meanings=Meanings(encoder))
    assert aside.rank(ASKED) == here.rank(ASKED)
    assert aside.rank(ASKED) != fit(items, (), MatchPolicy()).rank(ASKED)
    assert aside.meanings is not None
    assert aside.meanings.encoder is encoder


def test_a_second_start_reads_no_text_of_the_content_and_ranks_just_the_same(
    encoder: OnnxEncoder, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache")
    first = build_corpus(corpus.content, cache=cache, encoder=encoder)
    read: list[str] = []

    def counting(self: OnnxEncoder, text: str) -> npt.NDArray[np.float32]:
        read.append(text)
        return encode(self, text)

    encode = OnnxEncoder.encode
    monkeypatch.setattr(OnnxEncoder, "encode", counting)
    again = build_corpus(corpus.content, cache=cache, encoder=encoder)
    assert read == []
    assert again.matcher.rank(ANSWERED) == first.matcher.rank(ANSWERED)
    assert build_corpus(corpus.content, cache=cache).matcher.meanings is None


CONTENT = """\
intents:
  - id: night_parking
    title: {en: Parking overnight}
    examples: {en: [Can I park on Main Street at night?, overnight parking rules, is parking free after ten]}
    answer: {en: Residents may park on marked streets from eight in the evening.}
  - id: passport
    title: {en: New passport}
    examples: {en: [How do I get a passport?, renew my passport, passport fee]}
    answer: {en: Apply at the exit-entry hall.}
  - id: noise
    title: {en: Noise}
    examples: {en: [my neighbours are loud, noise at night, who stops loud music]}
    answer: {en: Call 110 after ten.}
"""
UNLIKE_IN_WORDS = "where do I leave the automobile until morning"


def test_ask_and_eval_use_the_encoder_they_are_given(
    encoder_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "intents.yaml").write_text(CONTENT)
    asked = ["ask", UNLIKE_IN_WORDS, "--json", "--explain", "--intents", str(tmp_path / "intents.yaml")]
    assert main([*asked, "--encoder", str(encoder_dir)]) == 0
    found = json.loads(capsys.readouterr().out)["explanation"]["candidates"][0]
    assert found["target"] == "intent:night_parking"
    assert found["evidence"]["meaning"] > 0.3
    assert main(asked) == 0
    assert "meaning" not in capsys.readouterr().out

    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"text": UNLIKE_IN_WORDS, "expect": "intent:night_parking"}))
    measured = ["eval", "--json", "--intents", str(tmp_path / "intents.yaml"), "--questions", str(questions)]
    assert main([*measured, "--encoder", str(encoder_dir)]) == 0
    assert json.loads(capsys.readouterr().out)["in_scope_accuracy"] == 1
    assert main([*measured, "--encoder", str(tmp_path)]) == 2
    assert "holds no ONNX file" in capsys.readouterr().err
