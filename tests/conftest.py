import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from audio.registry import Engines
from ivr.bootstrap import Hotline, build
from ivr.commerce.samples import sample_shop
from ivr.commerce.shop import EmbeddedShop
from ivr.dialog.events import Pressed
from ivr.dialog.flow import Flow
from ivr.errors import Unavailable
from ivr.routing.model import Tick
from ivr.service.menus import check, read_folder
from ivr.settings import Settings
from ivr.understanding.model import IntentModel
from ivr.understanding.store import Models, model_of

MENUS = Path(__file__).parents[1] / "menus"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TRAINED = Path(__file__).resolve().parents[1] / ".pytest_cache" / "understanding"
"""Understanding that one test has trained, for the others and for the next time."""
settings.register_profile("hotline", deadline=None, max_examples=60)
settings.load_profile("hotline")


@cache
def demo_files() -> dict[str, str]:
    return read_folder(MENUS)


@cache
def demo_flow() -> Flow:
    loaded = check(demo_files())
    assert loaded.flow is not None, loaded.errors
    return loaded.flow


@cache
def demo_model() -> IntentModel:
    return model_of(demo_flow().examples, "en", TRAINED)


@cache
def demo_models() -> Models:
    return Models(demo_flow(), TRAINED)


@pytest.fixture
def flow() -> Flow:
    return demo_flow()


@pytest.fixture
def rank():
    return demo_models().rank


class ManualClock:
    """A clock that moves when a test says so."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def shop(clock) -> EmbeddedShop:
    return sample_shop(clock)


@dataclass
class FakeCarrier:
    """Notes what it was asked; `down` makes it fail."""

    connected: list[tuple[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    dialled: list[tuple[str, str, str]] = field(default_factory=list)
    held: list[tuple[str, str, int]] = field(default_factory=list)
    down: bool = False

    def connect(self, call: str, agent: str, ticket: str) -> None:
        if self.down:
            raise Unavailable("the carrier is down")
        self.connected.append((call, agent))

    def dial(self, number: str, caller: str, ticket: str) -> None:
        if self.down:
            raise Unavailable("the carrier is down")
        self.dialled.append((number, caller, ticket))

    def hold(self, call: str, queue: str, turn: int) -> None:
        if self.down:
            raise Unavailable("the carrier is down")
        self.held.append((call, queue, turn))

    def hang_up(self, call: str) -> None:
        self.ended.append(call)


def database_url(tmp_path) -> str:
    """A database of the test's own: SQLite, or one of the PostgreSQL server named by TEST_POSTGRES."""
    server = os.environ.get("TEST_POSTGRES")
    if not server:
        return f"sqlite:///{tmp_path}/hotline.db"
    name = f"t{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def make_settings(tmp_path, **more) -> Settings:
    more.setdefault("prerender", False)
    return Settings(
        _env_file=None,
        database_url=database_url(tmp_path),
        secret_key="a-secret-for-tests",
        twilio_auth_token="token",
        prompts=tmp_path / "prompts",
        recordings=tmp_path / "recordings",
        recorded_prompts=tmp_path / "recorded-prompts",
        outbox=tmp_path / "outbox",
        **more,
    )


@pytest.fixture
def carrier():
    return FakeCarrier()


@pytest.fixture
def hotline(tmp_path, clock, shop, carrier):
    built = build(make_settings(tmp_path), clock=clock, shop=shop, engines=Engines({}, {}), carrier=carrier)
    built.accounts.add("ann", "Ann", "agent", "password-1", {"orders": 3, "refunds": 1, "en": 3})
    built.accounts.add("bob", "Bob", "agent", "password-1", {"orders": 1, "refunds": 3, "en": 2})
    yield built
    built.effects.close()
    built.speech.close()
    built.db.close()


class Floor:
    """Drives the dispatcher by hand: what was posted is handled at once, on this thread."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline

    def settle(self) -> None:
        events = self.hotline.dispatcher._events
        while not events.empty():
            event = events.get()
            if event is not None:
                self.hotline.dispatcher.handle(event)
        self.hotline.dispatcher.handle(Tick())
        if not events.empty():
            self.settle()

    def call(self, name: str) -> None:
        """A caller who presses 0 for a person."""
        self.hotline.calls.begin(name, "+15550101", "+1555", "webhook")
        self.hotline.calls.advance(name, 1, Pressed(self.hotline.clock(), "0"))
        self.settle()

    def ready(self, agent: str) -> None:
        self.hotline.queue.set_state(agent, "ready")
        self.settle()

    def of(self, agent: str) -> dict:
        return self.hotline.queue.agent(agent)

    def ticket(self, call: str):
        return self.hotline.queue.ticket_of(call)


@pytest.fixture
def floor(hotline):
    return Floor(hotline)
