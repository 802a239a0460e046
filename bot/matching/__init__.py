"""The numeric half of the router: which target a message means, and how sure that is."""

from bot.matching.matcher import Matcher, fit
from bot.matching.records import Candidate, Item, MatchPolicy, Ranking

__all__ = ["Candidate", "Item", "MatchPolicy", "Matcher", "Ranking", "fit"]
