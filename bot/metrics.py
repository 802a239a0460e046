"""What a monitoring program may know of this process: counters and times, nobody's words, nobody's address.

Every label is one of a list that the code knows. A registry belongs to one `App`; nothing is kept in the module.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot import __version__
from bot.models import DeliveryStatus, Reply

MOMENTS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0)
ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of the histograms, in seconds."""
LAG_EVERY = 0.5
"""Seconds between two looks at how late the event loop is."""


class Metrics:
    """The counters of one process. Every method is cheap and never raises."""

    def __init__(self, process: str) -> None:
        """`process` names this one among several."""
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(f"desk_{name}", says, labels, registry=registry)

        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(f"desk_{name}", says, labels, registry=registry)

        def times(name: str, says: str, bounds: Sequence[float], *labels: str) -> Histogram:
            return Histogram(f"desk_{name}_seconds", says, labels, buckets=bounds, registry=registry)

        gauge("info", "The version, and which process this is", "version", "process").labels(
            __version__, process
        ).set(1)
        self._messages = counter(
            "messages", "Messages by channel and the first word of their outcome", "channel", "outcome"
        )
        self._replies = counter("replies", "Replies given to messages, by kind", "channel", "kind")
        self._answered = times("reply", "From a message to its replies", ANSWERS, "channel")
        self._requests = counter(
            "requests", "Requests over HTTP by route and status", "method", "route", "status"
        )
        self._served = times("request", "From a request to its response, streams left out", ANSWERS, "route")
        self.open_requests = gauge("open_requests", "Requests being served now, streams among them", "route")
        self._deliveries = counter("deliveries", "Attempts to deliver what is owed, by result", "result")
        self._verbs = times("store", "What the store took, by verb", MOMENTS, "verb")
        self._store_errors = counter("store_errors", "Verbs of the store that failed", "verb")
        self._duties = gauge("duty", "1 while this process does it for all", "duty")
        self._lag = times("loop_lag", "How late the event loop was", MOMENTS)
        self._store_up = gauge("store_up", "1 when the store answered")
        self._queue = gauge("queue_situations", "Open situations", "urgent")
        self._oldest = gauge("queue_oldest_seconds", "Age of the oldest open situation, 0 without one")
        self._urgent = gauge("urgent_waiting", "Urgent situations nobody has taken note of")
        self._owed_oldest = gauge("owed_oldest_seconds", "Age of the oldest delivery due now, 0 without one")
        self._content = gauge("content_info", "The content version that answers", "version")
        self._content_faults = gauge("content_faults", "Why the newest content is not live")

    # --- what happens

    def outcome(self, channel: str, name: str) -> None:
        """Count a message by the first word of its outcome."""
        self._messages.labels(channel, name.partition("_")[0]).inc()

    def answered(self, channel: str, replies: Sequence[Reply], seconds: float) -> None:
        """Count what was said to a message, and how long that took."""
        for reply in replies:
            self._replies.labels(channel, reply.kind).inc()
        self._answered.labels(channel).observe(seconds)

    def served(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count a request; `seconds` is None for a stream, which takes as long as somebody listens."""
        self._requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self._served.labels(route).observe(seconds)

    async def watch_lag(self) -> None:
        """Measure until cancelled how late the event loop comes to what is due."""
        lag = self._lag
        while True:
            due = time.monotonic() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            lag.observe(max(0.0, time.monotonic() - due))

    def verb(self, name: str) -> Callable[[float], None]:
        """Return what counts a verb of the store, each time with the seconds it took."""
        return self._verbs.labels(name).observe

    def failed(self, name: str) -> None:
        """Count a verb that failed."""
        self._store_errors.labels(name).inc()

    def attempted(self, status: DeliveryStatus) -> None:
        """Count an attempt to deliver; one that is still owed will be made again."""
        self._deliveries.labels("again" if status is DeliveryStatus.OWED else status.value).inc()

    def leads(self, duty: str, mine: bool) -> None:
        """Note whether this process has the duty."""
        self._duties.labels(duty).set(mine)

    # --- what stands

    def standing(
        self,
        now: datetime,
        *,
        urgent: int,
        other: int,
        oldest: datetime | None,
        waiting: int,
        owed_since: datetime | None,
    ) -> None:
        """Note how the desk stands: open situations and since when, alarms that wait, what is due first."""

        def age(since: datetime | None) -> float:
            return 0 if since is None else max(0.0, (now - since).total_seconds())

        self._store_up.set(1)
        self._queue.labels("yes").set(urgent)
        self._queue.labels("no").set(other)
        self._oldest.set(age(oldest))
        self._urgent.set(waiting)
        self._owed_oldest.set(age(owed_since))

    def store_down(self) -> None:
        """Note that the store does not answer; what stood before is not known to stand now."""
        self._store_up.set(0)
        self._queue.clear()
        for figure in (self._oldest, self._urgent, self._owed_oldest):
            figure.set(float("nan"))

    def content(self, version: str, faults: int) -> None:
        """Note which content answers, and how many mistakes keep the newest from it."""
        self._content.clear()
        self._content.labels(version).set(1)
        self._content_faults.set(faults)

    def page(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
