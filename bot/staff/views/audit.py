"""The record of reads, for those who supervise."""

from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.models import ABOUT_ACCOUNTS
from bot.staff.keys import CONSOLE, PREFIX, VISITOR
from bot.staff.pages import go, page

ROWS = 100
LOOKED_AT_FOR = timedelta(days=1)
"""How long it is said again what was found of the whole record."""
TIME_DIGITS = 11


async def audit_page(request: web.Request) -> web.Response:
    """Show who read what, whether the record is whole, and who browses."""
    console = request.app[CONSOLE]
    oversight, desk = console.oversight, console.live.corpus.content.desk
    account = request.query.get("account", "")[:40]
    reference = request.query.get("reference", "").strip()[:40]
    before = request.query.get("before", "")
    # Whoever went through it, at night or by the button, may have been another process of the desk.
    now, asked = console.clock(), request.query.get("since", "")
    since = now - LOOKED_AT_FOR
    if asked.isascii() and asked.isdigit() and len(asked) <= TIME_DIGITS:
        since = max(since, min(now, datetime.fromtimestamp(int(asked), UTC)))
    verified, verified_at = await oversight.look(since)
    situation = await console.desk.find(reference, request[VISITOR].name) if reference else None
    rows = (
        await oversight.rows(
            account=account or None,
            situation_id=None if situation is None else situation.id,
            before=int(before[:15]) if before.isascii() and before.isdigit() else None,
            limit=ROWS + 1,
        )
        if situation is not None or not reference
        else ()
    )
    return page(
        request,
        "audit.html",
        rows=rows[:ROWS],
        older=len(rows) > ROWS,
        about_accounts=ABOUT_ACCOUNTS,
        account=account,
        reference=reference,
        people=[person.name for person in await console.accounts.people()],
        verified=verified,
        verified_at=verified_at,
        browsing=await oversight.browsing(),
        watch=desk.watch,
        days=desk.retention.audit_days,
        notice=request.query.get("notice", ""),
    )


async def verify(request: web.Request) -> web.Response:
    """Go through the whole record now."""
    console = request.app[CONSOLE]
    began = int(console.clock().timestamp())
    await console.oversight.verify()
    return go(f"{PREFIX}/audit?since={began}")
