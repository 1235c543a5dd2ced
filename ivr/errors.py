"""Every failure the hotline names. A layer that cannot handle one lets it pass."""


class HotlineError(Exception):
    """Base of all named failures; `code` is part of the public API."""

    code = "error"


class NotFound(HotlineError):
    """The thing named does not exist."""

    code = "not_found"


class Conflict(HotlineError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class Refused(HotlineError):
    """Who asks may not do this."""

    code = "refused"


class InvalidInput(HotlineError):
    """What was given cannot be used; the message says what would do."""

    code = "invalid_input"


class MissingSetting(InvalidInput):
    """A setting that has no safe default is not set."""

    code = "missing_setting"


class Unavailable(HotlineError):
    """A system we depend on did not answer in time; trying again may work."""

    code = "unavailable"


class Unsure(HotlineError):
    """A provider may have taken a message, or not."""

    code = "unsure"


class Undeliverable(HotlineError):
    """A provider refuses a message for good."""

    code = "undeliverable"


class TooBusy(Unavailable):
    """Our own limit is reached; the work was not begun."""

    code = "too_busy"
