"""Channels: `base` says what the desk needs of one, each other module is one adapter; they are strangers."""
