"""The command line: parse, call, print."""

import argparse
import asyncio
import datetime as dt
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from bot import __version__
from bot.cache import Cache
from bot.config import Settings, read_settings
from bot.content import read_content, unsayable_answers
from bot.content_commands import add_content_commands
from bot.copy_command import add_copy_command
from bot.corpus import Corpus, build_corpus
from bot.data_commands import add_data_commands
from bot.database_commands import add_database_commands
from bot.encoder import open_encoder
from bot.errors import ContentError, DeskError, Faults
from bot.intents.settings import unready
from bot.interpreter import set_aside, share_often
from bot.limits import raise_file_limit
from bot.locale import catalogue
from bot.logs import set_up_logs
from bot.matching import Encoder
from bot.models import Language, Role
from bot.urgent import unverified_numbers

if TYPE_CHECKING:
    from bot.audit import Verified
    from bot.measure import Measured

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except Faults as exc:
        for fault in exc.faults:
            print(fault, file=sys.stderr)
        return BAD_INPUT
    except DeskError as exc:
        print(exc, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough; keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    say = _say()
    parser = argparse.ArgumentParser(prog="python -m bot", description=say["cli.about"])
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar=say["cli.command"])

    serve = commands.add_parser("serve", help=say["cli.serve"])
    serve.add_argument("--host", help=say["cli.serve_host"])
    serve.set_defaults(run=_serve)

    ask = commands.add_parser("ask", help=say["cli.ask"])
    ask.add_argument("text", nargs="?", help=say["cli.ask_text"])
    ask.add_argument("--json", action="store_true", help=say["cli.ask_json"])
    ask.add_argument("--batch", type=Path, metavar="FILE.jsonl", help=say["cli.ask_batch"])
    ask.add_argument("--explain", action="store_true", help=say["cli.ask_explain"])
    _content_arguments(ask)
    _encoder_argument(ask)
    ask.set_defaults(run=_ask)

    check = commands.add_parser("check", help=say["cli.check"])
    check.add_argument("--release", action="store_true", help=say["cli.check_release"])
    _content_arguments(check)
    _encoder_argument(check)
    check.set_defaults(run=_check)

    evaluate = commands.add_parser("eval", help=say["cli.eval"])
    _content_arguments(evaluate)
    _encoder_argument(evaluate)
    evaluate.add_argument("--outside", type=Path, metavar="FILE", help=say["cli.eval_outside"])
    evaluate.add_argument(
        "--questions",
        type=Path,
        action="append",
        required=True,
        metavar="FILE.jsonl",
        help=say["cli.eval_questions"],
    )
    evaluate.add_argument(
        "--target-precision", type=_precision, metavar="0.95", help=say["cli.eval_precision"]
    )
    evaluate.add_argument("--predictions", type=Path, metavar="OUT.jsonl", help=say["cli.eval_predictions"])
    evaluate.add_argument("--plots", type=Path, metavar="DIR", help=say["cli.eval_plots"])
    evaluate.add_argument("--json", action="store_true", help=say["cli.ask_json"])
    evaluate.set_defaults(run=_eval)

    staff = commands.add_parser("staff", help=say["cli.staff"])
    staff_commands = staff.add_subparsers(required=True, metavar=say["cli.command"])
    invite = staff_commands.add_parser("invite", help=say["cli.staff_invite"])
    invite.add_argument(
        "--role", choices=[role.value for role in Role], default=None, help=say["cli.staff_role"]
    )
    invite.set_defaults(run=_staff_invite)

    audit = commands.add_parser("audit", help=say["cli.audit"])
    audit_commands = audit.add_subparsers(required=True, metavar=say["cli.command"])
    verify = audit_commands.add_parser("verify", help=say["cli.audit_verify"])
    verify.add_argument("--noted", type=_noted, metavar="ROW:DIGEST", help=say["cli.audit_noted"])
    verify.set_defaults(run=_audit_verify)
    add_content_commands(commands, say)
    add_data_commands(commands, say)
    add_database_commands(commands, say)
    add_copy_command(commands, say)
    return parser


def _content_arguments(parser: argparse.ArgumentParser) -> None:
    say = _say()
    parser.add_argument("--intents", type=Path, action="append", metavar="PATH", help=say["cli.intents"])
    parser.add_argument("--knowledge", type=Path, action="append", metavar="PATH", help=say["cli.knowledge"])


def _encoder_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--encoder", type=Path, metavar="DIR", help=_say()["cli.encoder"])


def _serve(chosen: argparse.Namespace) -> int:
    # Only this command needs the channels, the console and the store; the others start without them.
    from bot.app import find_key, open_app  # noqa: PLC0415

    set_up_logs()
    raise_file_limit()
    settings = read_settings(host=chosen.host)
    share_often()
    return asyncio.run(_serve_until_stopped(settings, find_key, open_app))


async def _serve_until_stopped(settings: Settings, find_key, open_app) -> int:  # type: ignore[no-untyped-def]
    say = _say()
    print(say["cli.starting"], flush=True)
    key = find_key(settings)
    app = await open_app(settings, key)
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            app.hurry()
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    told = asyncio.ensure_future(stopping.wait())
    starting = asyncio.ensure_future(app.start())
    await asyncio.wait({told, starting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()  # it lets go of what it has by itself
        await asyncio.wait({starting})
        return 0
    try:
        await starting
    except OSError as exc:
        raise DeskError(
            say["cli.port_taken"].format(port=settings.port, problem=exc.strerror or exc)
        ) from exc
    print(say["cli.chat_at"].format(address=app.address + "/"))
    print(say["cli.console_at"].format(address=app.address + "/staff"))
    print(say["cli.telegram_on"] if app.telegram is not None else say["cli.telegram_off"])
    print(say["cli.key_made" if key.made else "cli.key_at"].format(place=key.place))
    if await app.accounts.needs_first_administrator():
        link = await app.invite(Role.ADMINISTRATOR)
        print(say["cli.first_link"].format(link=link))
    else:
        print(say["cli.ready"])
    sys.stdout.flush()
    set_aside()
    try:
        await told
    finally:
        await app.stop()
    return 0


def _ask(chosen: argparse.Namespace) -> int:
    from bot.explain import lines  # noqa: PLC0415
    from bot.offline import ask  # noqa: PLC0415

    say = _say()
    if (chosen.text is None) == (chosen.batch is None):
        raise DeskError(say["cli.ask_one"])
    texts = _batch(chosen.batch) if chosen.batch is not None else [chosen.text]
    corpus = _corpus(chosen)
    for text in texts:
        asked = ask(
            corpus,
            text,
            dt.datetime.now(dt.UTC),
            lambda language: catalogue(language)["cli.handed_over"],
            explained=chosen.explain,
        )
        if chosen.json or chosen.batch is not None:
            sys.stdout.buffer.write(_line(asked.plain()))
        else:
            print(asked.reply)
            print(f"\n[{asked.decision} {asked.target or ''} {asked.confidence:.2f}]".replace("  ", " "))
            if asked.explanation is not None:
                print("\n".join(lines(asked.explanation, say)))
    sys.stdout.flush()
    return 0


def _line(values: Mapping[str, Any]) -> bytes:
    """Return one line of JSON that is one line for every reader: some also break lines at these characters."""
    text = orjson.dumps(values).decode()
    for character in "\x85\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode() + b"\n"


def _batch(path: Path) -> list[str]:
    """Read the texts of a batch file; every bad line is reported."""
    say = _say()
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as exc:
        raise DeskError(say["cli.file"].format(path=path, problem=exc.strerror)) from exc
    texts, bad = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            text = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))["text"]
        except (orjson.JSONDecodeError, TypeError, KeyError):
            text = None
        if isinstance(text, str):
            texts.append(text)
        else:
            bad.append(say["cli.batch_line"].format(where=f"{path}:{number}"))
    if bad:
        raise DeskError("\n".join(bad))
    return texts


def _check(chosen: argparse.Namespace) -> int:
    from bot.offline import failed_tests  # noqa: PLC0415

    say = _say()
    corpus = _corpus(chosen)
    for warning in corpus.content.warnings:
        print(f"{warning} ({say['cli.warning']})", file=sys.stderr)
    count, failed = failed_tests(corpus, dt.datetime.now(dt.UTC), say)
    content = corpus.content
    if faults := unsayable_answers(content):
        raise ContentError(faults)
    unverified = unverified_numbers(content.urgent, dt.datetime.now(dt.UTC).date())
    if unverified:
        line = say["cli.numbers_unverified"].format(numbers=", ".join(number.number for number in unverified))
        print(line if chosen.release else f"{line} ({say['cli.warning']})", file=sys.stderr)
    lacking = unready(content.desk, "_desk.yaml") if chosen.release else ()
    for fault in lacking:
        print(fault, file=sys.stderr)
    for line in failed:
        print(line)
    print(
        say["cli.checked"].format(
            intents=len(content.intents), entries=len(content.entries), tests=count, failed=len(failed)
        )
    )
    return 1 if failed or lacking or (chosen.release and unverified) else 0


def _eval(chosen: argparse.Namespace) -> int:
    # The figures' own libraries are loaded only here.
    from bot.measure import doubts, measure, read_questions, write_predictions  # noqa: PLC0415

    say = _say()
    questions, places = read_questions(chosen.questions)
    intents, knowledge = _content_settings(chosen)
    content = read_content(intents, knowledge, outside=chosen.outside)
    for doubt in doubts(content, questions, places):
        print(f"{doubt} ({say['cli.warning']})", file=sys.stderr)
    measured = measure(content, questions, chosen.target_precision, _encoder(chosen))
    try:
        if chosen.predictions is not None:
            write_predictions(chosen.predictions, measured.report.predictions)
        if chosen.plots is not None:
            from bot.plots import draw  # noqa: PLC0415

            for path in draw(chosen.plots, measured.report.predictions):
                print(path, file=sys.stderr)
    except OSError as exc:
        raise DeskError(say["cli.file"].format(path=exc.filename, problem=exc.strerror)) from exc
    if chosen.json:
        sys.stdout.buffer.write(orjson.dumps(measured.plain(), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        print(_figures(measured))
    sys.stdout.flush()
    return 0


def _figures(measured: "Measured") -> str:
    """Return the figures as lines of text, the worst confusions last."""
    report = measured.report
    shares = {
        "in_scope_accuracy": report.in_scope_accuracy,
        "in_scope_answered_correctly": report.in_scope_answered_correctly,
        "helped": report.helped,
        "wrong": report.wrong,
        "asked": report.asked,
        "asked_outside": report.asked_outside,
        "handoff_recall": report.handoff_recall,
        "joint": report.joint,
        "answered_precision": report.answered_precision,
        "auroc": report.auroc,
        **{f"coverage_at_{goal}": share for goal, share in report.coverage_at_precision.items()},
    }
    lines = [f"questions {report.questions} (in scope {report.in_scope}, outside {report.outside})"]
    meanings = _say()
    lines += [
        f"{name:28} {'-' if share is None else f'{share:.3f}'}  {meanings.get(f'cli.figure_{name}', '')}".rstrip()
        for name, share in shares.items()
    ]
    latency = report.latency_ms
    lines += [
        f"{'latency_ms':28} mean {latency.mean:.2f}  p50 {latency.p50:.2f}  p99 {latency.p99:.2f}",
        f"{'fit_seconds':28} {measured.fit_seconds:.2f}",
        f"{'model_bytes':28} {measured.model_bytes}",
        f"{'peak_rss_mb':28} {measured.peak_rss_mb:.0f}",
        f"{'target_precision':28} {measured.target_precision:g} (answers from {measured.answer_threshold:.3f} on)",
    ]
    for share, found in measured.at_outside_share.items():
        told = (
            "in_scope_answered_correctly",
            "helped",
            "wrong",
            "asked",
            "handoff_recall",
            "answered_precision",
        )
        values = {name: getattr(found, name) for name in told}
        said = "  ".join(f"{name} {'-' if v is None else f'{v:.3f}'}" for name, v in values.items())
        lines.append(
            f"{f'at_outside_share {share}':28} {said} (answers from {found.answer_threshold:.3f} on)"
        )
    lines += [f"{count:4} x {expected} answered with {got}" for expected, got, count in report.confusions]
    return "\n".join(lines)


def _precision(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 0.999:
        raise argparse.ArgumentTypeError(_say()["cli.eval_precision_range"])
    return value


def _staff_invite(chosen: argparse.Namespace) -> int:
    settings = read_settings()
    print(asyncio.run(_invitation(settings, chosen.role)))
    return 0


async def _invitation(settings: Settings, role: str | None) -> str:
    from bot.app import utc_now  # noqa: PLC0415
    from bot.control import ask_running_desk  # noqa: PLC0415
    from bot.safekeeping import opened  # noqa: PLC0415
    from bot.staff.auth import Accounts  # noqa: PLC0415

    say = _say()
    request = {"command": "invite", "role": role or Role.ADMINISTRATOR.value}
    answer = await ask_running_desk(settings.socket, request)
    if answer is not None:
        return say["cli.invited"].format(link=answer["link"])
    async with opened(settings, new=True) as (store, vault):
        accounts = Accounts(store, vault, utc_now)
        try:
            token = await accounts.invite(Role(request["role"]))
        finally:
            accounts.close()
    address = settings.public_url or f"http://127.0.0.1:{settings.port}"
    return say["cli.invited_stopped"].format(link=f"{address}/staff/join/{token}")


def _noted(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdigit()) or not digest:
        raise argparse.ArgumentTypeError(_say()["cli.audit_noted_wrong"])
    return int(number), digest


def _audit_verify(chosen: argparse.Namespace) -> int:
    """Return 0 for a record that is whole, 1 for one that was altered."""
    say = _say()
    found = asyncio.run(_verified(read_settings(), chosen.noted))
    for wrong in found.wrong:
        print(say[f"cli.audit_wrong_{wrong.finding}"].format(row=wrong.number, until=wrong.until))
    key = "cli.audit_sound" if found.sound else "cli.audit_unsound"
    print(say[key].format(first=found.first, last=found.last, digest=found.digest, wrong=len(found.wrong)))
    return 0 if found.sound else 1


async def _verified(settings: Settings, noted: tuple[int, str] | None) -> "Verified":
    from bot.audit import Chain, Verified  # noqa: PLC0415
    from bot.codec import from_json  # noqa: PLC0415
    from bot.control import ask_running_desk  # noqa: PLC0415
    from bot.safekeeping import opened  # noqa: PLC0415

    request = {"command": "verify"}
    if noted is not None:
        request |= {"row": str(noted[0]), "digest": noted[1]}
    answer = await ask_running_desk(settings.socket, request)
    if answer is not None:
        return from_json(Verified, answer["verified"].encode())
    async with opened(settings) as (store, vault):
        return Chain(vault).verify(*await store.audit_record(), noted)


def _corpus(chosen: argparse.Namespace) -> Corpus:
    settings = _content_settings(chosen)
    content = read_content(*settings)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return build_corpus(content, cache=Cache(home / "inquiry-desk"), encoder=_encoder(chosen))


def _encoder(chosen: argparse.Namespace) -> Encoder | None:
    """Return the encoder that was named, or else the one of `ENCODER_DIR`. Raises `ConfigError`."""
    folder: Path | None = chosen.encoder
    if folder is None and (named := os.environ.get("ENCODER_DIR", "").strip()):
        folder = Path(named).expanduser()
    return None if folder is None else open_encoder(folder)


def _content_settings(chosen: argparse.Namespace) -> tuple[list[Path], list[Path]]:
    intents: Iterable[Path] | None = chosen.intents
    knowledge: Iterable[Path] | None = chosen.knowledge
    missing = [path for path in (*(intents or ()), *(knowledge or ())) if not path.exists()]
    if missing:
        raise DeskError("\n".join(_say()["cli.no_path"].format(path=path) for path in missing))
    if intents is None:
        settings = read_settings()
        return [settings.intents_dir], list(knowledge or [settings.knowledge_dir])
    return list(intents), list(knowledge or ())


def _say() -> "dict[str, str]":
    """Return the command line's sentences in the language of the terminal."""
    spoken = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    language: Language = "en"
    if spoken.startswith("zh"):
        language = "zh-Hant" if any(place in spoken for place in ("TW", "HK", "MO", "Hant")) else "zh-Hans"
    return dict(catalogue(language))
