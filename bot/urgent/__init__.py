"""The crisis and danger lane: its detector and its cards; needs no store, no index and no network."""

from bot.urgent.cards import card, duty_line, followup, soft_line
from bot.urgent.content import Number, UrgentContent, UrgentContentError, read_urgent, unverified_numbers
from bot.urgent.detector import Detector, build_detector
from bot.urgent.guard import criticism, watched_opinions
from bot.urgent.kept import Arrays, arrays_of, detector_of, shipped
from bot.urgent.verdict import Tier, Verdict

__all__ = [
    "Arrays",
    "Detector",
    "Number",
    "Tier",
    "UrgentContent",
    "UrgentContentError",
    "Verdict",
    "arrays_of",
    "build_detector",
    "card",
    "criticism",
    "detector_of",
    "duty_line",
    "followup",
    "read_urgent",
    "shipped",
    "soft_line",
    "unverified_numbers",
    "watched_opinions",
]
