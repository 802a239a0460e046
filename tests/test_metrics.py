"""What is counted: outcomes by their first word, never words, and only under labels that the code knows."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bot.assistant import Assistant
from bot.channels.webchat.conversations import CHANNEL
from bot.corpus import Corpus
from bot.errors import NotFound, StoreStopped
from bot.measured import measured
from bot.metrics import Metrics
from bot.models import DeliveryStatus
from bot.store.base import Store
from bot.store.tinydb import open_tinydb
from bot.vault import Vault
from tests.parts import ANSWERED, CRISIS, KEY, UNANSWERED, Office, Troubled, make_office


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("here:1")


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await open_tinydb(None, Vault(KEY))
    yield store
    await store.close()


def figures(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of that name by their labels' values."""
    found = {}
    for family in text_string_to_metric_families(metrics.page().decode()):
        for sample in family.samples:
            if sample.name == name:
                found[tuple(sample.labels.values())] = sample.value
    return found


def counted(office: Office, metrics: Metrics) -> Assistant:
    """Return the office's assistant with somebody who counts."""
    office.assistant._meter = metrics
    return office.assistant


async def test_messages_are_counted_by_channel_and_the_first_word_of_their_outcome(
    office: Office, metrics: Metrics
) -> None:
    counted(office, metrics)
    await office.ask(ANSWERED, id="one")
    await office.ask(ANSWERED, id="one")
    await office.ask(UNANSWERED, chat="bob")
    await office.ask(CRISIS, chat="eve")
    assert figures(metrics, "desk_messages_total") == {
        (CHANNEL, "answered"): 1,
        (CHANNEL, "repeated"): 1,
        (CHANNEL, "handed"): 1,
        (CHANNEL, "urgent"): 1,
    }
    assert figures(metrics, "desk_reply_seconds_count") == {(CHANNEL,): 4}
    kinds = {kind for _, kind in figures(metrics, "desk_replies_total")}
    assert {"answer", "receipt", "urgent"} <= kinds


async def test_what_could_not_be_recorded_is_counted_as_refused(corpus: Corpus, metrics: Metrics) -> None:
    store = Troubled(await open_tinydb(None, Vault(KEY)))
    store.problem = StoreStopped("The disk is full.")
    office = make_office(store, corpus)  # type: ignore[arg-type]
    counted(office, metrics)
    with pytest.raises(StoreStopped):
        await office.ask(UNANSWERED)
    await office.ask(ANSWERED)
    assert figures(metrics, "desk_messages_total") == {(CHANNEL, "refused"): 1, (CHANNEL, "answered"): 1}


async def test_nothing_that_was_written_and_nobody_who_wrote_stands_in_the_page(
    office: Office, metrics: Metrics
) -> None:
    counted(office, metrics)
    office.store = measured(office.store, metrics)
    reference = await office.hand_over("where can my canary see a dentist", chat="canary-chat")
    await office.store.queue_length()
    page = metrics.page().decode()
    assert "canary" not in page
    assert reference not in page
    assert all(each.id not in page for each in await office.store.queue())


async def test_verbs_are_timed_and_only_failures_are_errors(store: Store, metrics: Metrics) -> None:
    seen = measured(store, metrics)
    await seen.queue()
    with pytest.raises(NotFound):
        await seen.release_situation("none", "ada", dt.datetime.now(dt.UTC))
    counted = {verb: count for verb, count in figures(metrics, "desk_store_seconds_count").items() if count}
    assert counted == {("queue",): 1, ("release_situation",): 1}
    assert figures(metrics, "desk_store_errors_total") == {}
    await store.close()
    with pytest.raises(StoreStopped):
        await seen.queue()
    assert figures(metrics, "desk_store_errors_total") == {("queue",): 1}


async def test_duties_and_attempts_to_deliver_are_noted(office: Office, metrics: Metrics) -> None:
    seen = measured(office.store, metrics)
    assert await seen.leads("outbox")
    await office.hand_over()
    [owed, *_] = await seen.owed(10)
    again = {"attempts": 0, "due_at": office.clock(), "problem": "no"}
    await seen.settle_delivery(owed.delivery.id, DeliveryStatus.OWED, **again)
    await seen.settle_delivery(owed.delivery.id, DeliveryStatus.SENT, attempts=1)
    assert figures(metrics, "desk_duty") == {("outbox",): 1}
    assert figures(metrics, "desk_deliveries_total") == {("again",): 1, ("sent",): 1}


async def test_the_queue_is_told_by_length_age_and_urgency(office: Office, metrics: Metrics) -> None:
    await office.hand_over(UNANSWERED)
    await office.ask(CRISIS, chat="eve")
    length = await office.store.queue_length()
    metrics.standing(
        office.clock(),
        urgent=length.urgent,
        other=length.other,
        oldest=length.oldest,
        waiting=len(await office.store.alarms()),
        owed_since=None,
    )
    assert figures(metrics, "desk_queue_situations") == {("yes",): 1, ("no",): 1}
    assert figures(metrics, "desk_queue_oldest_seconds") == {(): 60}
    assert figures(metrics, "desk_urgent_waiting") == {(): 1}
    metrics.store_down()
    assert figures(metrics, "desk_queue_situations") == {}
    assert figures(metrics, "desk_store_up") == {(): 0}


async def test_a_loop_that_was_held_up_is_seen(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr("bot.metrics.LAG_EVERY", 0.01)
    watching = asyncio.create_task(metrics.watch_lag())
    await asyncio.sleep(0.005)
    time.sleep(0.15)  # noqa: ASYNC251 (this is the point)
    await asyncio.sleep(0.02)
    watching.cancel()
    assert figures(metrics, "desk_loop_lag_seconds_sum")[()] >= 0.1


def test_two_desks_in_one_process_count_apart() -> None:
    one, two = Metrics("one"), Metrics("two")
    one.outcome("webchat", "answered_intent")
    assert isinstance(one.registry, CollectorRegistry)
    assert figures(two, "desk_messages_total") == {}
    assert figures(one, "desk_info") != figures(two, "desk_info")
    assert figures(one, "process_start_time_seconds")[()] > 0


def test_only_the_content_that_answers_now_is_named(metrics: Metrics) -> None:
    metrics.content("aaa", 0)
    metrics.content("bbb", 2)
    assert figures(metrics, "desk_content_info") == {("bbb",): 1}
    assert figures(metrics, "desk_content_faults") == {(): 2}
