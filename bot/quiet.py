"""Quiet hours: what nobody asked for waits until morning.

Receipts, answers of staff and everything urgent go out at any hour; the word that a question was closed waits.
"""

import datetime as dt

FROM = dt.time(22)
UNTIL = dt.time(8)


def not_before(now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Return when what nobody asked for may go out: now, or at eight in the morning where the desk stands."""
    local = now.astimezone(zone)
    if UNTIL <= local.time() < FROM:
        return now
    day = local.date() + dt.timedelta(days=1 if local.time() >= FROM else 0)
    return dt.datetime.combine(day, UNTIL, tzinfo=zone).astimezone(now.tzinfo)
