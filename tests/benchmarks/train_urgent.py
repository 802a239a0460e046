"""Train the detector that comes with the code, after a change of `_urgent.yaml` or `bot/urgent`:
`python -m tests.benchmarks.train_urgent`. A test fails while that is due."""

import sys
from pathlib import Path

from bot.content import read_content
from bot.urgent import build_detector, watched_opinions
from bot.urgent.kept import ship

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Train on the sample content and write the file; refuse a detector that fires on criticism."""
    content = read_content([ROOT / "intents"], [ROOT / "knowledge"]).urgent
    detector = build_detector(content)
    if faults := watched_opinions(content, detector):
        sys.exit("\n".join(str(fault) for fault in faults))
    path = ship(content, detector)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
