"""Telegram: private chats with the desk's bot, by long polling or by a webhook on the desk's own server."""

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.lead import Lead

__all__ = ["Lead", "TelegramChannel"]
