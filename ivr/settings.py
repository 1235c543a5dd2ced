"""Every setting, from IVR_* environment variables or a .env file: name, type, default, meaning.

This module is the one source: `ivr serve --help` and the README's table are printed from it.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ivr.errors import InvalidInput, MissingSetting

PERSONAL = frozenset({"greeting", "offer", "language", "pace", "agent", "rating", "priority"})
"""What may be personal."""


class Settings(BaseSettings):
    """The hotline's settings."""

    model_config = SettingsConfigDict(env_prefix="IVR_", env_file=".env", extra="ignore")

    database_url: str = Field(
        "sqlite:///data/hotline.db",
        description="where calls, queue, menus and accounts are kept (SQLAlchemy URL)",
    )
    public_base_url: str = Field(
        "",
        description="address under which carriers reach us; signatures are checked over it (default: http://127.0.0.1:<port>)",
    )
    secret_key: str = Field("", description="signs sessions and tokens; at least 16 characters; required")
    twilio_auth_token: str = Field(
        "",
        description="the carrier account's primary auth token; two, separated by a comma, during rotation; "
        "required",
    )
    twilio_account_sid: str = Field("AC00000000000000000000000000000000", description="the carrier account")
    twilio_api_url: str = Field(
        "", description="address of the carrier's REST service (default: the local switch)"
    )
    media: Literal["stream", "webhook"] = Field(
        "stream", description="stream: audio over a socket; webhook: played files, keys and recordings"
    )
    asr: str = Field(
        "auto", description="recogniser: auto, moonshine, vosk, none; by language as en=moonshine,ko=vosk"
    )
    tts: str = Field(
        "auto", description="voice: auto, hibari, kokoro, pyttsx3, none; by language as en=hibari,zh=pyttsx3"
    )
    voice: str = Field("", description="which voice of its engine a language has, as zh=zf_xiaobei")
    voice_speed: str = Field(
        "", description="how fast a voice speaks, 0.5 to 2.0; by language as en=1.0,zh=0.9"
    )
    voice_volume_db: str = Field(
        "", description="decibels louder or softer than -20 dBFS, -20 to 6; by language as en=0,zh=-2"
    )
    models: Path = Field(Path("data/models"), description="folder of fetched speech models")
    prompts: Path = Field(Path("data/prompts"), description="folder of synthesised prompts (a cache)")
    prompts_mb: int = Field(
        500, ge=1, description="megabytes of synthesised prompts; those of the published menus always stay"
    )
    prerender: bool = Field(
        True, description="speak what the published menus say ahead of time, in the background"
    )
    recorded_prompts: Path = Field(
        Path("data/recorded-prompts"),
        description="folder of prompts that a person has recorded (`ivr prompts`)",
    )
    recordings: Path = Field(
        Path("data/recordings"), description="folder of messages and consents that callers have spoken"
    )
    record_calls: bool = Field(
        False,
        description="keep both sides of every call (WAV, caller left, hotline right); tell callers first",
    )
    keep_utterances: Literal["none", "unclear", "all"] = Field(
        "none", description="which spoken answers are kept as audio, to improve understanding"
    )
    keep_audio_days: int = Field(
        90,
        ge=1,
        description="days after which messages, answers and calls that were kept as audio are deleted",
    )
    inband_keys: bool = Field(
        False, description="also hear keys as tones in the audio, for lines that do not signal them"
    )
    menus: Path | None = Field(
        None,
        description="folder of the menus that are published at the first start (default: the demo hotline)",
    )
    language_by_number: str = Field(
        "",
        description="language of calls to a number, as +4930123456=de,+861050001=zh; "
        "else that of the caller's record",
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    max_calls: int = Field(
        200, ge=1, description="live calls; above it new callers hear that all lines are busy"
    )
    shop_url: str = Field(
        "",
        description="address of the shop's own back end (docs/http-shop.md), as https://api.shop.example "
        "(default: the embedded shop)",
    )
    shop_key: str = Field(
        "", description="signs requests to the shop's back end; at least 16 characters; required with it"
    )
    action_timeout_s: float = Field(
        2.0, gt=0, le=10, description="seconds an action of the shop may take before its `unavailable` exit"
    )
    offer_timeout_s: float = Field(15.0, gt=0, description="seconds a call rings at one agent")
    known_agent_days: float = Field(
        7.0,
        ge=0,
        le=365,
        description="days for which a caller's number goes to the agent of its last call first; 0: never",
    )
    personal: str = Field(
        "greeting,offer,language,pace,agent,rating,priority",
        description="what is personal for callers whose number is known, by commas: greeting (their name), "
        "offer (the order they likely call about), language, pace, agent (the last one), rating (asked, "
        "but not twice in 30 days), priority (their level); empty: nothing",
    )
    region: str = Field(
        "",
        pattern="^([A-Z]{2})?$",
        description="country (ISO 3166, as DE) of telephone numbers that come without +",
    )
    sms: Literal["file", "twilio"] = Field(
        "file",
        description="how SMS leave: twilio, or file (into the folder IVR_OUTBOX, where nobody gets them)",
    )
    sms_from: str = Field("", description="our number (E.164) or sender name for SMS")
    email: Literal["file", "smtp"] = Field(
        "file", description="how e-mail leaves: smtp, or file (into the folder IVR_OUTBOX)"
    )
    smtp_url: str = Field("", description="mail server, as smtp://user:password@host:587 or smtps://…")
    email_from: str = Field("hotline@localhost", description="our address for e-mail")
    outbox: Path = Field(Path("data/outbox"), description="folder of messages that leave as files")
    phone: bool = Field(True, description="serve the phone page and the local switch")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="how much is logged")

    @property
    def personal_kinds(self) -> frozenset[str]:
        """Return what is personal. Raise InvalidInput for an unknown word."""
        kinds = frozenset(filter(None, self.personal.replace(" ", "").split(",")))
        if unknown := kinds - PERSONAL:
            raise InvalidInput(
                f"IVR_PERSONAL: there is no '{min(unknown)}'; choose of {', '.join(sorted(PERSONAL))}"
            )
        return kinds

    def language_of(self, called: str) -> str:
        """Return the language of a number that was dialled, "" where none is set."""
        pairs = (part.partition("=") for part in self.language_by_number.replace(" ", "").split(","))
        return next((language for number, _, language in pairs if number and number == called), "")


def load(**given: object) -> Settings:
    """Read the settings; `given` values come before the environment's. Raise InvalidInput."""
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "_".join(["IVR", *map(str, first["loc"])]).upper()
        raise InvalidInput(f"{name}: {first['msg']}") from None


def require_secrets(settings: Settings) -> None:
    """Raise MissingSetting, naming the setting, where a secret is missing or too short."""
    if not settings.twilio_auth_token:
        raise MissingSetting(
            "IVR_TWILIO_AUTH_TOKEN is not set; it checks that webhooks come from the carrier"
        )
    if len(settings.secret_key) < 16:
        raise MissingSetting(
            "IVR_SECRET_KEY is not set or shorter than 16 characters; it signs logins and tokens"
        )


def described() -> list[tuple[str, str, str, str]]:
    """Return (name, type, default, meaning) of every setting, for help texts and the README."""
    rows = []
    for name, field in Settings.model_fields.items():
        kind = getattr(field.annotation, "__name__", str(field.annotation))
        if "Literal" in str(field.annotation):
            kind = " | ".join(field.annotation.__args__)  # type: ignore[union-attr]
        elif "Path" in str(field.annotation):
            kind = "path"
        default = "" if field.default in (None, "") else str(field.default)
        rows.append((f"IVR_{name.upper()}", kind, default, field.description or ""))
    return rows
