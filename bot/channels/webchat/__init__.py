"""The web chat: a page that works everywhere, a widget, and a public JSON API."""

from bot.channels.webchat.channel import WebChat

__all__ = ["WebChat"]
