"""Health for machines: alive, ready, and figures."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ivr.bootstrap import Hotline
from ivr.errors import HotlineError

bp = Blueprint("health", __name__)
RECENTLY = timedelta(hours=1)
MEASURED = ("service_level", "service_level_2", "asa", "abandoned", "longest_wait", "offered")
OVERLOADED = "more callers speak at once than can be understood: they are asked to use keys"


@bp.get("/healthz")
def alive() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Say whether calls can be taken, and in words what is limited."""
    hotline: Hotline = current_app.extensions["hotline"]
    checks: dict[str, Any] = {"database": _database(hotline), "menus": _menus(hotline)}
    checks["dispatcher"] = "ok" if hotline.dispatcher.alive else "not running"
    good = all(value == "ok" for value in checks.values())
    speech = {
        "recognisers": {lang: e.info.name for lang, e in hotline.speech.recognisers.items()},
        "voices": {lang: e.info.name for lang, e in hotline.speech.voices.items()},
        "limited": [*hotline.missing, *([OVERLOADED] if hotline.speech.overloaded else [])],
    }
    matching = "here" if hotline.dispatcher.leading else "another process; standing by"
    answer = jsonify(status="ready" if good else "not ready", checks=checks, speech=speech, matching=matching)
    return answer, 200 if good else 503


def _database(hotline: Hotline) -> str:
    try:
        with hotline.db.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"the database does not answer: {type(error).__name__}"
    return "ok"


def _menus(hotline: Hotline) -> str:
    try:
        hotline.menus.published()
    except HotlineError as error:
        return str(error)
    return "ok"


class _Found(Collector):
    """Figures that were counted elsewhere."""

    def __init__(self, *families: Metric) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


@bp.get("/metrics")
def metrics() -> Response:
    """Return figures in Prometheus' text format."""
    hotline: Hotline = current_app.extensions["hotline"]
    registry = CollectorRegistry()
    calls = Gauge("ivr_calls", "Live calls by state", ["state"], registry=registry)
    for call in hotline.calls.live():
        calls.labels(call["status"]).inc()
    floor = hotline.queue.floor()
    waiting = Gauge("ivr_tickets", "Open tickets by queue and state", ["queue", "state"], registry=registry)
    for ticket in floor["tickets"]:
        waiting.labels(ticket["queue"], ticket["state"]).inc()
    measured = Gauge(
        "ivr_queue", "Measures of the last hour by queue", ["queue", "measure"], registry=registry
    )
    agents = Gauge("ivr_agents", "Agents by state", ["state"], registry=registry)
    for agent in floor["agents"]:
        agents.labels(agent["state"]).inc()
    for one in hotline.reports.queues(hotline.clock() - RECENTLY):
        for name in MEASURED:
            measured.labels(one["queue"], name).set(one[name])
    busy = Gauge("ivr_agent_occupancy", "Talk and wrap-up over time available", ["agent"], registry=registry)
    for agent, worked in hotline.reports.agents(hotline.clock() - RECENTLY).items():
        busy.labels(agent).set(worked["occupancy"])
    for queue, learnt in hotline.dispatcher.waits().items():
        for name, value in learnt.items():
            measured.labels(queue, f"estimate_{name}").set(value)
    messages = Gauge("ivr_messages", "Messages to customers by state", ["state"], registry=registry)
    for state, count in hotline.outbox.counts().items():
        messages.labels(state).set(count)
    cases = Gauge("ivr_cases", "Cases that are followed up", ["state"], registry=registry)
    for state, count in hotline.cases.counts().items():
        cases.labels(state).set(count)
    prompts = CounterMetricFamily("ivr_prompts", "What the prompt store has done", labels=["what"])
    for what, count in asdict(hotline.speech.speaking.prompts.counts).items():
        prompts.add_metric([what], count)
    registry.register(_Found(prompts))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
