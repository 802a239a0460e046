"""Inquiry Desk: approved answers in a second, a person for the rest, help at once in danger."""

import os

# The sounds of single characters are all that is read of pypinyin; its phrases cost a tenth of a second and 30 MB.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

__version__ = "0.1.0"
