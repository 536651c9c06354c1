"""Figures of the web process in Prometheus' text format.

One worker process serves, so a plain registry holds everything. It belongs to the application, not to
the module: two applications in one process count apart. Labels are names of ours and never what a
client sends, so that nobody can make their number grow.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, cast

from flask import current_app
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from kb.errors import KbError
from kb.migrations import HEAD
from kb.reading import OPERATOR
from kb.version import product_version
from web.services import EXTENSION as SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from search.results import SearchPage
    from web.services import Finder, Services

EXTENSION = "precedent-metrics"
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5.0, 15.0)
"""Seconds. 0.4 is what 95 of 100 searches have to stay under."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Metrics:
    """What one application counts."""

    def __init__(self, engine: Finder) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "precedent_request_seconds", "Time to answer a request.",
            ["endpoint", "method", "status"], registry=self.registry, buckets=BUCKETS,
        )  # fmt: skip
        self._searches = Counter(
            "precedent_searches", "Searches of pages and API, by what was missing from the answer.",
            ["mode", "degraded"], registry=self.registry,
        )  # fmt: skip
        self._search_seconds = Histogram(
            "precedent_search_seconds", "Time that the engine took for a search.",
            ["mode"], registry=self.registry, buckets=BUCKETS,
        )  # fmt: skip
        build = Info("precedent_build", "Versions of what runs.", registry=self.registry)
        build.info({"version": product_version(), "schema": HEAD, "python": platform.python_version()})
        self.registry.register(_IndexCollector(engine))
        ProcessCollector(registry=self.registry)

    def count_request(self, endpoint: str | None, method: str, status: int, seconds: float) -> None:
        """A request that was answered; `endpoint` is None where the address is not known."""
        labels = endpoint or "none", method if method in METHODS else "other", str(status)
        self._requests.labels(*labels).observe(seconds)

    def count_search(self, page: SearchPage) -> None:
        """A search that somebody made."""
        self._searches.labels(page.request.mode, " ".join(sorted(page.degraded)) or "no").inc()
        self._search_seconds.labels(page.request.mode).observe(page.seconds)


class _IndexCollector(Collector):
    """How the index stands, asked for when somebody reads the figures."""

    def __init__(self, engine: Finder) -> None:
        self._engine = engine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Nothing but `up` where the index or the database does not answer."""
        try:
            status = self._engine.status(OPERATOR)
        except KbError:
            status = None
        up, knows = status is not None, self._engine.knows_meaning
        yield GaugeMetricFamily("precedent_index_up", "Whether index and database answer.", value=up)
        yield GaugeMetricFamily("precedent_encoder_up", "Whether queries are understood.", value=knows)
        if status is not None:
            for name, words, value in (
                ("documents", "Entries in the index.", status.documents),
                ("passages", "Passages in the index.", status.passages),
                ("generation", "Counted up by every commit to the index.", status.generation),
                ("behind", "Published entries that are not searchable as they stand.", status.behind),
                ("complete", "0 while a large pass over the index is under way.", status.complete),
            ):
                yield GaugeMetricFamily(f"precedent_index_{name}", words, value=value)


def install_metrics(app: Flask) -> None:
    """The application counts from now on."""
    # A moment beside each counter doubles the lines, and nothing reads them.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    services = cast("Services", app.extensions[SERVICES])
    app.extensions[EXTENSION] = Metrics(services.engine)


def metrics() -> Metrics:
    """The figures of the application that answers this request."""
    return cast("Metrics", current_app.extensions[EXTENSION])


def metrics_text() -> bytes:
    """All figures as they stand, one a line."""
    return generate_latest(metrics().registry)
