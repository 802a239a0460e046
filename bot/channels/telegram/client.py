"""The Bot API methods that the desk uses, with what can go wrong in the desk's own words."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from bot.channels.telegram.incoming import WANTED, Update
from bot.channels.telegram.request import AiohttpRequest, Flood, proxy_for
from bot.errors import DeskError, TryLater, Unreachable
from bot.models import Option

log = logging.getLogger(__name__)

SENDING_CONNECTIONS = 64
ANSWER_SECONDS = 10.0
"""How long Telegram may take to answer, beyond the wait of a long poll."""
_NOBODY_THERE = ("chat not found", "peer_id_invalid", "user not found")


class TokenRefused(DeskError):
    """Telegram does not know the token."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram refuses the token; copy TELEGRAM_TOKEN again from BotFather (and check TELEGRAM_API), "
            "then start the desk again."
        )


class Contested(DeskError):
    """Somebody else takes this bot's updates."""

    def __init__(self) -> None:
        super().__init__(
            "Another program takes this bot's messages; stop it, or give this desk a bot of its own in TELEGRAM_TOKEN."
        )


class Refused(DeskError):
    """Telegram will not do what it was asked."""


class _Bot(Bot):
    """A bot whose updates arrive as they came over the wire.

    The library's own `get_updates` loses, and logs word for word, every update of a batch in which it cannot
    read one.
    """

    async def wire_updates(self, offset: int | None, limit: int, seconds: int) -> object:
        parameters = {"offset": offset, "limit": limit, "timeout": seconds, "allowed_updates": list(WANTED)}
        return await self._post("getUpdates", parameters, read_timeout=seconds + ANSWER_SECONDS)


class Client:
    """One bot at Telegram.

    Every method raises `TryLater`, `Unreachable`, `TokenRefused`, `Contested`, `Refused`, or `ConnectionError`
    when Telegram cannot be reached or makes no sense.
    """

    def __init__(self, token: str, api: str) -> None:
        proxy = proxy_for(api)
        self._request = AiohttpRequest(
            connections=SENDING_CONNECTIONS, proxy=proxy, read_timeout=ANSWER_SECONDS
        )
        self._long_poll = AiohttpRequest(connections=1, proxy=proxy)
        self._bot = _Bot(
            token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=self._request,
            get_updates_request=self._long_poll,
        )

    async def close(self) -> None:
        """Let go of the connections for good."""
        await self._request.shutdown()
        await self._long_poll.shutdown()

    async def check_token(self) -> None:
        """Ask Telegram whether it knows the token."""
        with _telegram_errors():
            await self._bot.get_me()

    async def updates(self, offset: int | None, *, limit: int, seconds: int) -> list[Update]:
        """Return the updates from `offset` on (None: the oldest not yet confirmed), waiting for one if none is there.

        Those before `offset` are confirmed: Telegram forgets them.
        """
        with _telegram_errors():
            found = await self._bot.wire_updates(offset, limit, seconds)
        if not isinstance(found, list):
            raise ConnectionError("Telegram's answer could not be read.")
        return [update for update in found if isinstance(update, dict)]

    async def set_webhook(self, url: str, secret: str, connections: int) -> None:
        """Have updates sent to `url`, with `secret` in a header."""
        with _telegram_errors():
            await self._bot.set_webhook(
                url, secret_token=secret, max_connections=connections, allowed_updates=WANTED
            )

    async def delete_webhook(self) -> None:
        """Have updates kept for polling."""
        with _telegram_errors():
            await self._bot.delete_webhook()

    async def set_commands(self, commands: Sequence[tuple[str, str]], language: str | None) -> None:
        """Set the menu of commands, as (name, description), for clients in `language` (None: all others)."""
        with _telegram_errors():
            await self._bot.set_my_commands(
                [BotCommand(name, description) for name, description in commands], language_code=language
            )

    async def send_text(self, chat: str, text: str, options: Sequence[Option] = ()) -> None:
        """Send plain text, inert whatever it holds, with a button for each option, one to a row."""
        keyboard = [[InlineKeyboardButton(each.title, callback_data=each.id)] for each in options]
        with _telegram_errors():
            try:
                await self._bot.send_message(
                    chat,
                    text,
                    reply_markup=InlineKeyboardMarkup(keyboard) if keyboard else None,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            except (AttributeError, KeyError, TypeError, ValueError):
                # Telegram took it and describes it in a way the library does not know: sent all the same, and sent
                # again and again if this were called a failure.
                log.warning("Telegram described a message in an unknown way")

    async def send_file(self, chat: str, name: str, data: bytes) -> None:
        """Send a file under that name."""
        with _telegram_errors():
            try:
                await self._bot.send_document(chat, InputFile(data, filename=name))
            except (AttributeError, KeyError, TypeError, ValueError):
                log.warning("Telegram described a message in an unknown way")

    async def show_typing(self, chat: str) -> None:
        """Show for some five seconds that somebody is writing."""
        with _telegram_errors():
            await self._bot.send_chat_action(chat, ChatAction.TYPING)

    async def answer_tap(self, tap: str) -> None:
        """Tell the citizen's client that the tap on a button has arrived."""
        with _telegram_errors():
            await self._bot.answer_callback_query(tap)

    async def leave(self, chat: int) -> None:
        """Leave a group or channel."""
        with _telegram_errors():
            await self._bot.leave_chat(chat)


@contextmanager
def _telegram_errors() -> Iterator[None]:
    try:
        yield
    except Flood as exc:
        raise TryLater(exc.seconds) from exc
    except (Forbidden, ChatMigrated) as exc:
        raise Unreachable("The citizen's chat takes no messages from the desk.") from exc
    except InvalidToken as exc:
        raise TokenRefused from exc
    except Conflict as exc:
        raise Contested from exc
    except BadRequest as exc:
        if any(words in exc.message.lower() for words in _NOBODY_THERE):
            raise Unreachable("There is no such chat any more.") from exc
        raise Refused(f"Telegram refused this: {exc.message}.") from exc
    except TelegramError as exc:
        raise ConnectionError(
            "Telegram failed or cannot be reached; check the network, or set HTTPS_PROXY where it is blocked."
        ) from exc
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        # The library found something else than the Bot API promises in Telegram's answer.
        raise ConnectionError("Telegram's answer could not be read.") from exc
