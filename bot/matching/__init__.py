"""The numeric half of the router: which target a message means, and how sure that is."""

from bot.matching.archive import Archive
from bot.matching.learned import Learned
from bot.matching.matcher import Matcher, fit
from bot.matching.meaning import Encoder, Meanings
from bot.matching.records import Candidate, Evidence, Item, MatchPolicy, Ranking

__all__ = [
    "Archive",
    "Candidate",
    "Encoder",
    "Evidence",
    "Item",
    "Learned",
    "MatchPolicy",
    "Matcher",
    "Meanings",
    "Ranking",
    "fit",
]
