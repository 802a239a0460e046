"""Verbs for content versions and what was learned from them."""

from collections.abc import Sequence

from bot.codec import from_json, to_json
from bot.errors import Fault, Stale
from bot.models import ContentVersion, Sealed
from bot.store.bounds import old_content, old_learned
from bot.store.postgres.core import Core, reading, verb
from bot.store.postgres.tables import CONTENTS
from bot.store.postgres.transaction import Transaction
from bot.store.rows import WATCHED, ContentFaults


class ContentVerbs(Core):
    """The numbered wholes that maintainers wrote, their files, and what processes learned from them."""

    @reading
    async def content_versions(
        self, tx: Transaction, *, digest: str | None = None, limit: int | None = None
    ) -> Sequence[ContentVersion]:
        """Return the content versions, newest first: those of `digest`, at most `limit`."""
        rows = await tx.rows(
            f"SELECT {CONTENTS.selected()} FROM contents WHERE %(digest)s::text IS NULL OR digest = %(digest)s "
            "ORDER BY number DESC LIMIT %(limit)s",
            {"digest": digest, "limit": limit},
        )
        return [CONTENTS.record(row) for row in rows]

    @verb
    async def add_content(self, tx: Transaction, version: ContentVersion, files: Sealed | None) -> None:
        """Keep the next content version with its files, and let go of the files of old ones. Raises `Stale`."""
        found = await tx.row("SELECT coalesce(max(number), 0) FROM contents")
        newest = 0 if found is None else found[0]
        # Whoever adds the same number at the same time waits for the other's row, and comes too late.
        if (
            version.number != newest + 1
            or await tx.row(f"{CONTENTS.insert} ON CONFLICT DO NOTHING RETURNING 1", CONTENTS.row(version))
            is None
        ):
            raise Stale(
                f"The newest content version is {newest} or above, so {version.number} cannot follow."
            )
        if files is not None:
            await tx.run("INSERT INTO content_files (number, body) VALUES (%s, %s)", (version.number, files))
        kept = await tx.rows("SELECT number, octet_length(body) FROM content_files ORDER BY number DESC")
        let_go = [kept[place][0] for place in old_content([size for _, size in kept])]
        await tx.run("DELETE FROM content_files WHERE number = ANY (%s)", (let_go,))
        tx.tell("content", str(version.number))

    @reading
    async def content_files(self, tx: Transaction, number: int) -> Sealed | None:
        """Return the archive of a content version, if it is kept (still)."""
        row = await tx.row("SELECT body FROM content_files WHERE number = %s", (number,))
        return None if row is None else Sealed(bytes(row[0]))

    @reading
    async def content_faults(self, tx: Transaction) -> Sequence[Fault]:
        """Return why the newest files are no content version; empty when they are, or nobody has looked."""
        row = await tx.row("SELECT body FROM content_faults WHERE name = %s", (WATCHED,))
        return () if row is None else from_json(ContentFaults, bytes(row[0])).faults

    @verb
    async def note_content_faults(self, tx: Transaction, faults: Sequence[Fault]) -> None:
        """Keep these faults in place of those before, so that every process can name them."""
        if faults:
            body = to_json(ContentFaults(name=WATCHED, faults=tuple(faults)))
            changed = await tx.row(
                "INSERT INTO content_faults AS kept (name, body) VALUES (%s, %s) ON CONFLICT (name) "
                "DO UPDATE SET body = EXCLUDED.body WHERE kept.body <> EXCLUDED.body RETURNING 1",
                (WATCHED, body),
            )
        else:
            changed = await tx.row("DELETE FROM content_faults WHERE name = %s RETURNING 1", (WATCHED,))
        if changed is not None:
            tx.tell("content", "")

    @reading
    async def learned(self, tx: Transaction, name: str) -> Sealed | None:
        """Return what a process learned from content under that name, if it is kept (still)."""
        row = await tx.row("SELECT body FROM learned WHERE name = %s", (name,))
        return None if row is None else Sealed(bytes(row[0]))

    @verb
    async def keep_learned(self, tx: Transaction, name: str, body: Sealed) -> None:
        """Keep what was learned from content, and let go of what was learned longest ago."""
        await tx.run(
            "INSERT INTO learned (name, body) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body, number = DEFAULT",
            (name, body),
        )
        kept = await tx.rows("SELECT name, octet_length(body) FROM learned ORDER BY number DESC")
        let_go = [kept[place][0] for place in old_learned([size for _, size in kept])]
        await tx.run("DELETE FROM learned WHERE name = ANY (%s)", (let_go,))
