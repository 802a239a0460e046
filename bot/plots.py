"""Pictures of an evaluation: what share could be answered at what risk, and what is taken for what."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import DeskError
from bot.evaluate import HANDOFF, Prediction

MOST_TARGETS = 40


def draw(folder: Path, predictions: Sequence[Prediction]) -> tuple[Path, ...]:
    """Write `risk-coverage.png` and `confusion.png`; return their paths. Raises `DeskError` without matplotlib."""
    try:
        import matplotlib as mpl  # noqa: PLC0415

        mpl.use("Agg")
        from matplotlib import pyplot  # noqa: PLC0415
    except ImportError as exc:
        raise DeskError(
            "Plots need matplotlib: .venv/bin/pip install -c constraints.txt -e '.[plots]'"
        ) from exc
    folder.mkdir(parents=True, exist_ok=True)
    # Names of targets and titles may be Chinese; the first font found that has the characters is used.
    mpl.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "WenQuanYi Zen Hei", "DejaVu Sans"]
    return (
        _risk_coverage(pyplot, folder / "risk-coverage.png", predictions),
        _confusion(pyplot, folder / "confusion.png", predictions),
    )


def _risk_coverage(pyplot: Any, path: Path, predictions: Sequence[Prediction]) -> Path:
    ordered = sorted((each for each in predictions if each.best), key=lambda each: -each.confidence)
    wrong, coverage, risk = 0, [], []
    for count, each in enumerate(ordered, start=1):
        wrong += each.best != each.expect
        coverage.append(count / len(predictions))
        risk.append(wrong / count)
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(coverage, risk, color="#0f5e5e")
    answered = [each for each in predictions if each.decision == "answer"]
    if answered:
        missed = sum(each.target != each.expect for each in answered) / len(answered)
        axes.plot([len(answered) / len(predictions)], [missed], "o", color="#b3261e")
        axes.annotate(
            "as the desk answers",
            (len(answered) / len(predictions), missed),
            xytext=(8, 8),
            textcoords="offset points",
        )
    axes.set(
        xlabel="share of questions answered",
        ylabel="share of answers that are wrong",
        xlim=(0, 1),
        ylim=(0, None),
    )
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path


def _confusion(pyplot: Any, path: Path, predictions: Sequence[Prediction]) -> Path:
    pairs = Counter((each.expect, each.best or HANDOFF) for each in predictions)
    missed = Counter[str]()
    for (expect, best), count in pairs.items():
        if expect != best:
            missed[expect] += count
            missed[best] += count
    names = sorted(name for name, _ in missed.most_common(MOST_TARGETS))
    figure, axes = pyplot.subplots(
        figsize=(3 + len(names) * 0.22, 2.5 + len(names) * 0.2), layout="constrained"
    )
    cells = [[pairs[expect, best] for best in names] for expect in names]
    if names:
        axes.imshow(cells, cmap="Greens")
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel="first candidate", ylabel="expected", title="Targets most often mistaken")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return path
