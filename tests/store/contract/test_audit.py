"""The record of reads: what every store must hold of it."""

import pytest

from bot.audit import Chain
from bot.errors import NotFound, Stale, StoreError
from bot.models import AuditAct, CallReason, DeliveryKind, InquiryStatus, Role
from bot.store.base import Store
from bot.vault import Vault
from tests.store.builders import NOW, answer, at, called, file, hire, mailing


async def test_words_are_returned_with_the_row_that_says_who_is_shown_them(store: Store) -> None:
    await hire(store, "ada")
    await file(store)
    reading = await store.open_situation("s-1", "ada", at(1))
    (row,) = await store.audit_rows(limit=10)
    assert reading.number == row.number == 1
    assert (row.account, row.role, row.act) == ("ada", Role.STAFF, AuditAct.OPENED)
    assert (row.situation_id, row.references, row.at) == ("s-1", ("R-1",), at(1))
    again = await store.open_situation("s-1", "ada", at(2), more=True)
    assert [each.act for each in await store.audit_rows(limit=10)] == ["opened_more", "opened"]
    assert again.number == 2


async def test_a_page_of_words_is_recorded_and_marked_by_itself(store: Store) -> None:
    await file(store, "1")
    for name in ("2", "3"):
        await file(store, name, joins="1", opened_at=at(int(name)))
    page = await store.open_situation("s-1", "ada", at(9), first=1, most=1)
    assert [each.reference for each in page.inquiries] == ["R-2"]
    (row,) = await store.audit_rows(limit=10)
    assert row.references == ("R-2",)
    seen = [each.seen_by_staff for each in await store.inquiries_in("s-1")]
    assert seen == [False, True, False]


async def test_what_shows_words_to_nobody_leaves_no_row_and_marks_nothing(store: Store) -> None:
    made = await file(store)
    assert await store.inquiries_in("s-1") == [made.inquiry]
    await answer(store, "1")
    (inquiry,) = await store.inquiries_in("s-1")
    assert not inquiry.seen_by_staff
    assert await store.inquiries_in("s-9") == []
    assert await store.audit_rows(limit=10) == []


@pytest.mark.parametrize(
    "wrong", ["nobody's", "another account's", "another situation's", "fewer inquiries'"]
)
async def test_words_are_refused_without_a_row_that_covers_them(store: Store, wrong: str) -> None:
    await file(store, "1")
    await file(store, "2")
    first = await store.open_situation("s-1", "ada", at(1))
    assert (await store.open_situation("s-1", "ada", at(2), under=first.number)).number == first.number
    other = await store.open_situation("s-2", "ada", at(1))
    bobs = await store.open_situation("s-1", "bob", at(1))
    under = {"nobody's": 99, "another account's": bobs.number, "another situation's": other.number}
    await file(store, "3", joins="1", opened_at=at(3))
    with pytest.raises(NotFound):
        await store.open_situation("s-1", "ada", at(4), under=under.get(wrong, first.number))
    assert len(await store.audit_rows(limit=10)) == 3
    assert not (await store.inquiries_in("s-1"))[1].seen_by_staff


async def test_an_act_is_recorded_with_what_is_owed_about_it_or_not_at_all(store: Store) -> None:
    await file(store, "1")
    await file(store, "2")
    told = mailing("1", DeliveryKind.CALLED)
    row = await store.note_act(called(second="bob"), told)
    assert (row.reason, row.second) == (CallReason.LIFE_AT_RISK, "bob")
    assert await store.mailings() == [told]
    with pytest.raises(NotFound):
        await store.note_act(called("s-9"), mailing("9", DeliveryKind.CALLED))
    with pytest.raises(StoreError):
        await store.note_act(called("s-2"), mailing("1", DeliveryKind.CALLED, id="g-wrong"))
    with pytest.raises(Stale):
        await store.note_act(called(), mailing("1", DeliveryKind.CALLED, id="g-second"))
    assert len(await store.audit_rows(limit=10)) == 1
    assert await store.mailings() == [told]


async def test_rows_are_found_by_account_by_situation_and_by_number(store: Store) -> None:
    for name in ("1", "2"):
        await file(store, name)
        for staff in ("ada", "bob"):
            await store.open_situation(f"s-{name}", staff, at(int(name)))
    numbers = [row.number for row in await store.audit_rows(limit=10)]
    assert numbers == [4, 3, 2, 1]
    assert [row.number for row in await store.audit_rows(account="bob", limit=10)] == [4, 2]
    assert [row.number for row in await store.audit_rows(situation_id="s-1", limit=10)] == [2, 1]
    assert [row.number for row in await store.audit_rows(account="ada", situation_id="s-2", limit=10)] == [3]
    assert [row.number for row in await store.audit_rows(before=4, limit=2)] == [3, 2]
    assert await store.audit_rows(account="eve", limit=10) == []
    assert [row.number for row in await store.audit_since(at(2))] == [3, 4]


async def test_the_reads_stay_recorded_when_the_words_are_gone(store: Store) -> None:
    await file(store)
    await store.open_situation("s-1", "ada", NOW)
    await answer(store, "1")
    await store.close_inquiry("i-1", at(70), was=InquiryStatus.ANSWERED)
    await store.purge_inquiry("i-1")
    assert await store.situation("s-1") is None
    assert [row.references for row in await store.audit_rows(limit=10)] == [("R-1",)]


async def test_old_rows_go_behind_a_checkpoint_and_the_rest_still_verifies(
    store: Store, vault: Vault
) -> None:
    await file(store)
    for minute in range(5):
        await store.open_situation("s-1", "ada", at(minute))
    assert await store.trim_audit(at(2)) == 2
    assert await store.trim_audit(at(2)) == 0
    rows, head = await store.audit_record()
    assert [row.number for row in rows] == [3, 4, 5]
    found = Chain(vault).verify(rows, head)
    assert (found.first, found.last, found.sound) == (3, 5, True)
    assert await store.trim_audit(at(99)) == 3
    next_row = await store.open_situation("s-1", "ada", at(100))
    assert next_row.number == 6, "numbers never start again"
    assert Chain(vault).verify(*await store.audit_record()).sound


async def test_an_empty_record_is_whole(store: Store, vault: Vault) -> None:
    found = Chain(vault).verify(*await store.audit_record())
    assert (found.first, found.last, found.sound) == (1, 0, True)
    assert await store.trim_audit(NOW) == 0
