"""Figures of an HLS process for Prometheus."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tongke_streaming.hls.library import Library


class Metrics:
    """Plain integers, because they are counted for each of thousands of requests a second."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.sent: Counter[str] = Counter()

    def answered(self, kind: str, status: int, size: int) -> None:
        self.answers[(kind, status)] += 1
        self.sent[kind] += size

    def render(self, library: Library) -> bytes:
        registry = CollectorRegistry()
        registry.register(_Figures(self, library))
        return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, metrics: Metrics, library: Library) -> None:
        self._metrics = metrics
        self._library = library

    def collect(self) -> Iterable[Metric]:
        requests = CounterMetricFamily(
            "tongke_hls_requests", "Requests answered", labels=["kind", "status"]
        )
        for (kind, status), count in self._metrics.answers.items():
            requests.add_metric([kind, str(status)], count)
        sent = CounterMetricFamily("tongke_hls_sent_bytes", "Bytes of answers", labels=["kind"])
        for kind, size in self._metrics.sent.items():
            sent.add_metric([kind], size)
        return [requests, sent, *self._gauges()]

    def _gauges(self) -> Iterable[Metric]:
        lessons = self._library.lessons.values()
        renditions = [rendition for lesson in lessons for rendition in lesson.renditions.values()]
        waiting = sum(len(rendition.pulse) for rendition in renditions)
        uploader = self._library.uploader
        yield GaugeMetricFamily("tongke_hls_waiting", "Requests being held", waiting)
        yield GaugeMetricFamily("tongke_hls_lessons", "Lessons in memory", len(lessons))
        yield GaugeMetricFamily("tongke_hls_unstored", "Uploads not done yet", uploader.unfinished)
        yield GaugeMetricFamily(
            "tongke_hls_upload_failures", "Uploads that were tried again", uploader.failures
        )
