"""Run the benchmarks: `python -m tests.benchmarks [--data PATH] [--encoder DIR] [NAME …]`, with no name all of them.

A benchmark is a module of this package with `main(data: Path | None)`; `data` is the folder of the benchmark data:
the one named, else `DESK_DATA`, else ../shared/data beside the project; None when there is none. Modules whose `main`
takes nothing (those that write files, or take options of their own) are listed, and run only by their own name:
`python -m tests.benchmarks.NAME`.
"""

import argparse
import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import tests.benchmarks as package

ROOT = Path(__file__).resolve().parents[2]


def found() -> tuple[dict[str, Callable[[Path | None], object]], list[str]]:
    """Return the benchmarks by name, and the names of the modules that run by themselves."""
    benchmarks: dict[str, Callable[[Path | None], object]] = {}
    apart: list[str] = []
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_") or module.ispkg:
            continue
        main = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "main", None)
        if main is None:
            continue
        if inspect.signature(main).parameters:
            benchmarks[module.name] = main
        else:
            apart.append(module.name)
    return benchmarks, apart


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return 1 when one of them could not run."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument(
        "--encoder", type=Path, help="folder of a sentence encoder for the router to match with"
    )
    parser.add_argument("--list", action="store_true", help="only name the benchmarks")
    parser.add_argument("name", nargs="*", help="which to run; all when none is named")
    chosen = parser.parse_args(arguments)
    if chosen.data is not None and not chosen.data.is_dir():
        print(f"{chosen.data} is no folder; name the one that holds the benchmark data.", file=sys.stderr)
        return 2
    data = chosen.data or Path(os.environ.get("DESK_DATA", ROOT.parent / "shared" / "data"))
    if chosen.encoder is not None:
        os.environ["ENCODER_DIR"] = str(chosen.encoder.resolve())
    os.environ["DESK_DATA"] = str(data.resolve())  # before a module reads it
    benchmarks, apart = found()
    unknown = [name for name in chosen.name if name not in benchmarks]
    if chosen.list or unknown:
        print("Benchmarks: " + ", ".join(benchmarks))
        print("Run by themselves (python -m tests.benchmarks.NAME): " + ", ".join(apart))
        if unknown:
            print(f"There is no benchmark {', '.join(unknown)}.", file=sys.stderr)
        return 2 if unknown else 0
    failed = 0
    names = chosen.name or list(benchmarks)
    for number, name in enumerate(names, 1):
        print(f"== {name} ({number} of {len(names)})", flush=True)
        try:
            benchmarks[name](data if data.is_dir() else None)
        except SystemExit as exc:  # a benchmark that lacks its data says so; the others still run
            print(exc.code, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
