"""Why a question gets what it gets, told the same way everywhere."""

import datetime as dt
import json
from pathlib import Path

import pytest

from bot.cli import main
from bot.corpus import Corpus
from bot.explain import explain, lines
from bot.locale import catalogue
from bot.matching import Item, MatchPolicy, fit
from bot.measure import STEPS
from bot.models import LANGUAGES, Address, IncomingMessage
from bot.offline import ask
from bot.router import ConversationState, route
from tests.parts import ANSWERED, CRISIS, INTENTS, KNOWLEDGE, UNANSWERED, UNCLEAR

NOW = dt.datetime(2026, 5, 1, 10, tzinfo=dt.UTC)
CONTENT = ["--intents", str(INTENTS), "--knowledge", str(KNOWLEDGE)]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (ANSWERED, "by_intent"),
        (UNCLEAR, "by_intent"),
        ("When does the last ferry to the island leave?", "by_knowledge"),
        (UNANSWERED, "by_nobody"),
        (CRISIS, "by_urgent"),
        ("/help", "by_command"),
        ("", "by_command"),
    ],
)
def test_the_step_that_decided_is_named(corpus: Corpus, text: str, step: str) -> None:
    assert explain(corpus, text, "en", NOW).step == step


def test_each_candidate_comes_with_what_speaks_for_it(corpus: Corpus) -> None:
    told = explain(corpus, "Do bicycles need lamps?", "en", NOW)
    first = told.candidates[0]
    assert first.target == "intent:bicycle"
    assert first.title == corpus.content.title("intent:bicycle", "en")
    assert all(0 <= share <= 1.0001 for reason in told.candidates for share in reason.evidence.values())
    assert first.evidence["nearest_example"] == max(r.evidence["nearest_example"] for r in told.candidates)
    assert told.answer_threshold == corpus.matcher.answer_threshold
    assert told.offer_threshold == corpus.matcher.offer_threshold
    assert told.exact is corpus.matcher.rank("Do bicycles need lamps?").exact


@pytest.mark.parametrize("text", [ANSWERED, UNCLEAR, UNANSWERED, "自行车灯", "when does the fery leave"])
def test_the_same_question_has_the_same_confidences_everywhere(corpus: Corpus, text: str) -> None:
    told = {reason.target: reason.confidence for reason in explain(corpus, text, "en", NOW).candidates}
    message = IncomingMessage(
        id="m", address=Address(channel="webchat", chat="c"), text=text, received_at=NOW
    )
    asked = ask(corpus, text, NOW, str, explained=True)
    assert asked.explanation == explain(corpus, text, "zh-Hans" if "车" in text else "en", NOW)
    for decision in (
        route(message, ConversationState(), corpus),
        route(message, ConversationState(), corpus, STEPS),
    ):
        for candidate in decision.candidates:  # type: ignore[union-attr]
            assert told[candidate.target] == pytest.approx(candidate.confidence, abs=1e-6)
    if told:
        assert asked.confidence == pytest.approx(max(told.values()), abs=1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_explanation_can_be_said_in_every_language(corpus: Corpus, language: str) -> None:
    for text in (ANSWERED, UNCLEAR, UNANSWERED, CRISIS, "/help", "", "qzx"):
        told = explain(corpus, text, "en", NOW)
        said = lines(told, catalogue(language))  # type: ignore[arg-type]
        assert said[0] == catalogue(language)[f"why.step.{told.step}"]  # type: ignore[arg-type]
        assert sum(reason.target in line for reason in told.candidates for line in said) == len(
            told.candidates
        )


def test_a_classifier_explains_itself_too() -> None:
    items = [
        Item(
            key=f"intent:{name}",
            examples=tuple(
                f"{name} {verb} {n}" for verb in ("find", "lose", "buy", "sell") for n in range(200)
            ),
        )
        for name in ("lamp", "boat")
    ]
    matcher = fit(items, ["a question of another kind"], MatchPolicy())
    found = matcher.evidence("where do I find a lamp", ["intent:boat", "intent:lamp"]).of
    assert found["intent:lamp"]["nearest_example"] > found["intent:boat"]["nearest_example"]
    assert found["intent:lamp"]["words"] > found["intent:boat"]["words"]
    assert matcher.evidence("", ["intent:lamp"]).of == {}


@pytest.mark.usefixtures("trained_once")
def test_the_command_line_explains_in_words_and_in_json(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert main(["ask", "--explain", UNCLEAR, *CONTENT]) == 0
    said = capfd.readouterr().out.splitlines()
    assert catalogue("en")["why.step.by_intent"] in said
    assert any(line.startswith("1. ") for line in said)
    assert main(["ask", "--explain", "--json", UNCLEAR, *CONTENT]) == 0
    told = json.loads(capfd.readouterr().out)["explanation"]
    assert told["step"] == "by_intent"
    assert [set(each) for each in told["candidates"]] == [
        {"target", "title", "confidence", "evidence"}
    ] * len(told["candidates"])


@pytest.mark.usefixtures("trained_once")
def test_figures_are_told_for_other_shares_of_outside_messages_without_another_fit(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fits = []
    monkeypatch.setattr("bot.corpus.fit", lambda *a, **k: fits.append(1) or fit(*a, **k))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        "\n".join(
            json.dumps({"text": text, "expect": expect})
            for text, expect in ((ANSWERED, "intent:bicycle"), (UNANSWERED, "handoff"))
        )
    )
    assert main(["eval", *CONTENT, "--questions", str(questions), "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)["at_outside_share"]
    assert list(rows) == ["0.20", "0.60"]
    assert rows["0.20"]["answer_threshold"] <= rows["0.60"]["answer_threshold"]
    assert {"helped", "wrong", "asked", "handoff_recall", "answered_precision"} <= set(rows["0.20"])
    assert len(fits) == 1
    assert not (tmp_path / "cache").exists(), "what is measured is a fresh fit"
    assert main(["eval", *CONTENT, "--questions", str(questions)]) == 0
    assert "at_outside_share 0.60" in capfd.readouterr().out


def test_another_share_gives_what_a_fit_for_it_would(corpus: Corpus) -> None:
    from bot.corpus import _matching_parts

    items, outside, policy = _matching_parts(corpus.content)
    for share in (0.2, 0.6):
        fitted = fit(
            items,
            outside,
            MatchPolicy(
                target_precision=policy.target_precision,
                offer_precision=policy.offer_precision,
                outside_share=share,
            ),
        )
        moved = corpus.matcher.at_share(share)
        assert moved.answer_threshold == fitted.answer_threshold
        assert moved.rank(UNCLEAR) == fitted.rank(UNCLEAR)
