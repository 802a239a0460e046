"""Changes that several verbs make as a part of their own."""

from bot.audit import Chain
from bot.errors import EntryChanged
from bot.models import AuditEntry, AuditRow, Role, StoredEntry
from bot.store.postgres.tables import AUDIT, AUDIT_HEADS, ENTRIES
from bot.store.postgres.transaction import Transaction

HEAD = f"SELECT {AUDIT_HEADS.selected()} FROM audit_heads WHERE name = %s FOR UPDATE"
NEXT = f"""
    SELECT (SELECT role FROM staff WHERE name = %s), EXISTS (SELECT 1 FROM audit WHERE number = audit_heads.number + 1),
           {AUDIT_HEADS.selected()}
    FROM audit_heads WHERE name = %s FOR UPDATE OF audit_heads
"""
"""The role of an account, whether there is a row after the record's end, and where it ends."""


async def note(tx: Transaction, chain: Chain, entry: AuditEntry) -> AuditRow:
    """Add a row to the record of reads. Whoever comes next waits for this transaction's end, so this is its last step."""
    found = await tx.row(NEXT, (entry.account, chain.name))
    if found is None:
        await tx.run("LOCK TABLE audit_heads IN SHARE ROW EXCLUSIVE MODE")
        found = await tx.row(NEXT, (entry.account, chain.name))
    if found is None or found[1]:
        # Somebody took the head away or set it back. Reading goes on, and the record says from now on that it was altered.
        last = await tx.row(f"SELECT {AUDIT.selected()} FROM audit ORDER BY number DESC LIMIT 1")
        head = chain.lost(None if last is None else AUDIT.record(last))
    else:
        head = AUDIT_HEADS.record(found[2:])
    account = (
        await tx.row("SELECT role FROM staff WHERE name = %s", (entry.account,)) if found is None else found
    )
    role = None if account is None or account[0] is None else Role(account[0])
    noted, head = chain.after(head, entry, role)
    async with tx.together():
        await tx.run(AUDIT.insert, AUDIT.row(noted))
        await tx.run(AUDIT_HEADS.put, AUDIT_HEADS.row(head))
    return noted


async def add_version(tx: Transaction, entry: StoredEntry) -> None:
    """Keep a version. Raises `EntryChanged` unless it is one above the newest."""
    found = await tx.row("SELECT coalesce(max(version), 0) FROM entries WHERE id = %s", (entry.id,))
    version = 0 if found is None else found[0]
    if entry.version != version + 1:
        raise EntryChanged(
            f"The newest version of this entry is {version}, so {entry.version} cannot follow; "
            "read it again and repeat your change."
        )
    # Whoever adds the same version at the same time waits here, and comes too late.
    if await tx.row(f"{ENTRIES.insert} ON CONFLICT DO NOTHING RETURNING 1", ENTRIES.row(entry)) is None:
        raise EntryChanged(
            f"Somebody else has just saved version {entry.version} of this entry; read it again and repeat your change."
        )
    tx.tell("entry", entry.id)
