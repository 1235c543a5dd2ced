"""Put the hotline together: the one place where ports meet their implementations."""

import logging
import sys
from dataclasses import dataclass
from datetime import timedelta

import structlog

from audio.recorded import RecordedPrompts
from audio.registry import Engines, load_engines
from audio.speech import Speech
from audio.tts.manner import Manner, manner_of
from audio.voice_cache import PromptStore
from ivr.clock import utc_now
from ivr.commerce.http_shop import HttpShop
from ivr.commerce.records_sql import SqlRecords
from ivr.commerce.shop import EmbeddedShop
from ivr.errors import MissingSetting
from ivr.ports import Carrier, Clock, Office, Sender, Shop
from ivr.service.accounts import Accounts
from ivr.service.calls import Calls
from ivr.service.cases import Cases
from ivr.service.clerk import Clerk
from ivr.service.dispatcher import Dispatcher
from ivr.service.effects import Effects, Manners
from ivr.service.feed import Feed
from ivr.service.followups import FollowUps
from ivr.service.ledger import Ledger
from ivr.service.menus import DEMO_MENUS, Menus, queue_for, queue_hours, routing_rules
from ivr.service.outbox import Outbox
from ivr.service.prompts import Prompts
from ivr.service.queue import Queue
from ivr.service.recordings import Recordings
from ivr.service.reports import Reports
from ivr.service.sealing import Seal
from ivr.service.standing import Standing
from ivr.settings import Settings, require_secrets
from ivr.storage.session import Database
from ivr.telephony.files import FileSink
from ivr.telephony.mail import Smtp
from ivr.telephony.twilio.rest import TwilioCarrier, TwilioClient
from ivr.telephony.twilio.sms import TwilioSms
from ivr.understanding.encoder import missing_encoders

log = structlog.get_logger(__name__)
LEAST_KEY = 16
SHOP_SHARE = 0.75
"""How much of an action's time its question to the shop may take; the rest is for what is said then."""


@dataclass(frozen=True, slots=True)
class Hotline:
    """Everything that handlers use."""

    settings: Settings
    db: Database
    clock: Clock
    feed: Feed
    menus: Menus
    shop: Shop
    effects: Effects
    followups: FollowUps
    cases: Cases
    outbox: Outbox
    standing: Standing
    clerk: Clerk
    reports: Reports
    recordings: Recordings
    dispatcher: Dispatcher
    queue: Queue
    calls: Calls
    accounts: Accounts
    carrier: Carrier
    speech: Speech
    prompts: Prompts
    missing: tuple[str, ...]

    @property
    def base_url(self) -> str:
        """Return the public address, without a closing slash."""
        return base_url(self.settings)

    def start(self) -> None:
        """Begin to match callers with agents."""
        self.recordings.purge(self.clock() - timedelta(days=self.settings.keep_audio_days))
        self.dispatcher.start()
        self.clerk.start()
        lost = self.calls.end_all_lost() if self.dispatcher.leading else 0  # else another process has calls
        if lost:
            log.warning("calls ended by the restart", count=lost)
        if self.settings.prerender:
            self.prompts.start()

    def close(self) -> None:
        """Stop everything that runs."""
        self.clerk.stop()
        self.dispatcher.stop()
        self.effects.close()
        self.prompts.close()
        self.speech.close()
        if isinstance(self.shop, HttpShop):
            self.shop.close()
        self.db.close()


def base_url(settings: Settings) -> str:
    """Return the address under which carriers reach us."""
    return (settings.public_base_url or f"http://127.0.0.1:{settings.port}").rstrip("/")


def tokens(settings: Settings) -> list[str]:
    """Return the auth tokens that are accepted, the one that signs first."""
    return [token.strip() for token in settings.twilio_auth_token.split(",") if token.strip()]


def build(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    shop: Shop | None = None,
    engines: Engines | None = None,
    carrier: Carrier | None = None,
) -> Hotline:
    """Build the hotline: secrets checked, database upgraded, menus published, engines loaded.

    Raise MissingSetting, InvalidInput or Unavailable with a sentence that says what to do.
    """
    require_secrets(settings)
    db = Database(settings.database_url)
    db.upgrade()
    feed = Feed()
    menus = Menus(db, feed, clock, settings.models / "understanding")
    menus.ensure(settings.menus or DEMO_MENUS)
    shop = shop or shop_of(settings, db, clock)
    client = TwilioClient(
        settings.twilio_account_sid,
        tokens(settings)[0],
        settings.twilio_api_url or f"http://127.0.0.1:{settings.port}/switch",
    )
    carrier = carrier or TwilioCarrier(client, base_url(settings))
    personal = settings.personal_kinds
    offer_ms = round(settings.offer_timeout_s * 1000)
    dispatcher = Dispatcher(
        db,
        feed,
        clock,
        lambda: routing_rules(menus.published().flow, offer_ms),
        lambda rules: queue_hours(menus.published().flow, rules),
    )
    feed.subscribe(lambda message: dispatcher.look() if message.topic == "menus" else None)
    sticky = timedelta(days=settings.known_agent_days if "agent" in personal else 0)
    queue = Queue(db, dispatcher, carrier, feed, clock, sticky)
    followups = FollowUps(db, feed, clock, queue)
    cases = Cases(db, feed, clock, followups, lambda wanted: queue_for(wanted, menus.published().flow))
    ledger = Ledger(db)
    outbox = Outbox(db, feed, clock, senders(settings, client))
    standing, seal = Standing(db, clock, settings.secret_key), Seal(settings.secret_key)
    office = Office(followups, cases, outbox, standing, ledger)
    manners = Manners(settings.action_timeout_s, personal, settings.region)
    effects = Effects(db, shop, office, ledger, clock, seal, manners)
    calls = Calls(db, menus, effects, queue, feed, clock, settings.max_calls, seal)
    languages = menus.published().flow.languages
    engines = engines or engines_of(settings, languages)
    for sentence in engines.missing:
        log.warning("speech is limited", why=sentence)
    speech = speech_of(settings, engines)
    missing = (*engines.missing, *missing_encoders(languages))
    return Hotline(
        settings,
        db,
        clock,
        feed,
        menus,
        shop,
        effects,
        followups,
        cases,
        outbox,
        standing,
        Clerk(outbox, cases),
        Reports(db),
        Recordings(db, settings.recordings, clock),
        dispatcher,
        queue,
        calls,
        Accounts(db, clock),
        carrier,
        speech,
        Prompts(menus, speech.speaking, feed, lambda: set(speech.voices)),
        missing,
    )


def shop_of(settings: Settings, db: Database, clock: Clock) -> Shop:
    """Return the shop that the settings name. Raise MissingSetting for a back end without its key."""
    if not settings.shop_url:
        return EmbeddedShop(SqlRecords(db, clock), clock)
    if len(settings.shop_key) < LEAST_KEY:
        raise MissingSetting(
            f"IVR_SHOP_KEY is not set or shorter than {LEAST_KEY} characters; it signs what the shop is asked"
        )
    share = settings.action_timeout_s * SHOP_SHARE
    return HttpShop(settings.shop_url, settings.shop_key, clock, timeout_s=share)


def senders(settings: Settings, client: TwilioClient) -> dict[str, Sender]:
    """Return the ways out for messages. Raise MissingSetting for a provider that lacks its settings."""
    sink = FileSink(settings.outbox)
    ways: dict[str, Sender] = {"sms": sink, "email": sink}
    if settings.sms == "twilio":
        if not settings.sms_from:
            raise MissingSetting("IVR_SMS_FROM is not set; IVR_SMS=twilio sends from that number")
        ways["sms"] = TwilioSms(client, settings.sms_from)
    if settings.email == "smtp":
        if not settings.smtp_url:
            raise MissingSetting("IVR_SMTP_URL is not set; IVR_EMAIL=smtp sends over that server")
        ways["email"] = Smtp(settings.smtp_url, settings.email_from)
    return ways


def engines_of(settings: Settings, languages: tuple[str, ...], *, hearing: bool = True) -> Engines:
    """Load the engines that the settings name for these languages."""

    def manner(language: str) -> Manner:
        return manner_of(language, settings.voice, settings.voice_speed, settings.voice_volume_db)

    return load_engines(settings.asr if hearing else "none", settings.tts, languages, settings.models, manner)


def speech_of(settings: Settings, engines: Engines) -> Speech:
    """Return the speech of a process, with the store that the settings name."""
    return Speech(
        engines.recognisers,
        engines.voices,
        PromptStore(settings.prompts, most_bytes=settings.prompts_mb * 1_000_000),
        RecordedPrompts(settings.recorded_prompts),
        engines.spares,
    )


def configure_logging(level: str) -> None:
    """Log to stderr: one line an event, with names and values."""
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "httpcore", "twilio", "alembic", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if sys.stderr.isatty()
            else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
