"""Figures of an HLS process for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from tongke_streaming.hls.library import Library


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "tongke_hls_requests", "Requests answered", ["kind", "status"], registry=registry
        )
        self._bytes = Counter(
            "tongke_hls_sent_bytes", "Bytes of answers", ["kind"], registry=registry
        )
        self._waiting = Gauge("tongke_hls_waiting", "Requests being held", registry=registry)
        self._lessons = Gauge("tongke_hls_lessons", "Lessons in memory", registry=registry)
        self._unstored = Gauge(
            "tongke_hls_unstored", "Uploads to the store not done yet", registry=registry
        )
        self._failures = Gauge(
            "tongke_hls_upload_failures", "Uploads that had to be tried again", registry=registry
        )
        self._answered: dict[tuple[str, int], Counter] = {}
        self._sent: dict[str, Counter] = {}

    def answered(self, kind: str, status: int, size: int) -> None:
        requests = self._answered.get((kind, status))
        if requests is None:
            requests = self._requests.labels(kind, str(status))
            self._answered[(kind, status)] = requests
            self._sent[kind] = self._bytes.labels(kind)
        requests.inc()
        self._sent[kind].inc(size)

    def render(self, library: Library) -> bytes:
        renditions = [r for lesson in library.lessons.values() for r in lesson.renditions.values()]
        self._waiting.set(sum(len(rendition.pulse) for rendition in renditions))
        self._lessons.set(len(library.lessons))
        self._unstored.set(library.uploader.unfinished)
        self._failures.set(library.uploader.failures)
        return generate_latest(self._registry)
