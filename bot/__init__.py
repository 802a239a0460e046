"""Inquiry Desk: approved answers in a second, a person for the rest, help at once in danger."""

__version__ = "0.1.0"
