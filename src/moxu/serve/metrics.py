"""Figures of the server for Prometheus: requests, tokens, and how full the schedulers are."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from moxu.serve.service import Service, as_numbers
from moxu.writers.base import FinishReason

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)


class WorkerStats(Collector):
    """The counts of every scheduler, read when they are asked for: ``moxu_scheduler_NAME{model=…}``."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def collect(self) -> Iterable[Metric]:
        """Yield a gauge for each count."""
        gauges: dict[str, GaugeMetricFamily] = {}
        for model in self.service.models.values():
            for name, value in as_numbers(model.worker.stats()).items():
                described = f"{name.replace('_', ' ')} of the scheduler".capitalize()
                family = gauges.setdefault(
                    name, GaugeMetricFamily(f"moxu_scheduler_{name}", described, labels=["model"])
                )
                family.add_metric([model.name], value)
        return gauges.values()


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(WorkerStats(service))
        labels, registry = ["method", "route", "status"], self.registry
        self.requests = Counter("moxu_requests", "Requests that were answered.", labels, registry=registry)
        self.seconds = Histogram(
            "moxu_request_seconds", "How long answers took.", ["route"], buckets=_SECONDS, registry=registry
        )
        self.prompt_tokens = Counter("moxu_prompt_tokens", "Tokens of prompts.", ["model"], registry=registry)
        self.written_tokens = Counter("moxu_written_tokens", "Tokens written.", ["model"], registry=registry)
        self.texts = Counter("moxu_texts", "Texts that ended, by why they did.", ["model", "reason"], registry=registry)
        self.sockets = Gauge("moxu_aiwriter_sockets", "Pages of AI-Writer that are open.", registry=registry)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered, by its method and the route that answered it; ``status`` 0: none was."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def count_prompt(self, model: str, tokens: int) -> None:
        """Count a prompt."""
        self.prompt_tokens.labels(model).inc(tokens)

    def count_text(self, model: str, reason: FinishReason, tokens: int) -> None:
        """Count a text that has ended."""
        self.texts.labels(model, reason).inc()
        self.written_tokens.labels(model).inc(tokens)

    def exposition(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self.registry)
