"""The wall clock, the one place that reads it; everything else takes the time as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)
