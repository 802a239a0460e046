"""`make lint`'s last step: do the pinned libraries have known weaknesses? Asked where the public index answers.

A machine without network is told so in one line and is no failure; a weakness is one.
"""

import json
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"
SECONDS = 90
COMMAND = (
    sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip",
    "--format", "json", "--progress-spinner", "off", "--timeout", "5",
)  # fmt: skip
UNREACHED = "Known weaknesses of the libraries were not looked up: the public index was not reached."


def main() -> int:
    """Print what was found; return 1 when a library has a known weakness."""
    try:
        # Its own words may name addresses of this machine's index; only what it found is said.
        done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=SECONDS, check=False)
        libraries = json.loads(done.stdout)["dependencies"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        print(UNREACHED)
        return 0
    return report(libraries)


def report(libraries: list[dict[str, object]]) -> int:
    """Print a line for each weakness, and one about all; return 1 when there is any."""
    looked_up = [library for library in libraries if "vulns" in library]
    if not looked_up:
        print(UNREACHED)
        return 0
    weak = [(library, found) for library in looked_up for found in library["vulns"]]  # type: ignore[attr-defined]
    for library, found in weak:
        mended = ", ".join(found["fix_versions"]) or "no version yet"
        print(f"{library['name']} {library['version']}: {found['id']}, mended in {mended}")
    print(
        f"Known weaknesses: {len(weak)} in {len(looked_up)} of {len(libraries)} pinned libraries looked up."
    )
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
