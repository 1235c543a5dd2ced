"""SMS over Twilio's REST service (https://www.twilio.com/docs/messaging/api/message-resource)."""

from datetime import datetime
from typing import Any

from ivr.errors import Unavailable, Undeliverable, Unsure
from ivr.ports import Letter
from ivr.telephony.twilio.rest import TwilioClient

NOT_TAKEN, GONE_FOR_NOW = (401, 403, 429, 503), (500, 502, 504)
"""Answers that are worth another try: a wrong password can be mended; and those that say nothing."""
LOOKED_AT = 50


class TwilioSms:
    """Sends SMS from one of our numbers. What may have been taken is looked up by number and text."""

    def __init__(self, client: TwilioClient, sender: str) -> None:
        self._client, self._from = client, sender

    def send(self, id: str, letter: Letter) -> str:
        """Send; return the message's SID."""
        from requests.exceptions import ConnectionError as NotConnected
        from requests.exceptions import ConnectTimeout, RequestException
        from twilio.base.exceptions import TwilioException, TwilioRestException

        try:
            made = self._client.ready().messages.create(to=letter.to, from_=self._from, body=letter.text)
            return str(made.sid)
        except TwilioRestException as error:
            if error.status in NOT_TAKEN:
                raise Unavailable(f"the provider did not take it: {error.status}") from error
            if error.status in GONE_FOR_NOW:
                raise Unsure(f"the provider failed: {error.status}") from error
            raise Undeliverable(f"the provider refused: {error.code or error.status} {error.msg}") from error
        except ConnectTimeout as error:
            raise Unavailable("the provider cannot be reached") from error
        except NotConnected as error:
            if _never_left(error):
                raise Unavailable("the provider cannot be reached") from error
            raise Unsure("the provider's answer was lost") from error
        except (TwilioException, RequestException) as error:
            raise Unsure("the provider's answer was lost") from error

    def find(self, id: str, letter: Letter, since: datetime) -> str | None:
        """Return the SID of a message to this number with this text since a time, "" for none."""
        from requests.exceptions import RequestException
        from twilio.base.exceptions import TwilioException

        try:
            known = self._client.ready().messages.list(to=letter.to, date_sent_after=since, limit=LOOKED_AT)
        except (TwilioException, RequestException) as error:
            raise Unavailable("the provider cannot be asked") from error
        return next((str(one.sid) for one in known if one.body == letter.text), "")


def _never_left(error: Any) -> bool:
    """Return whether a connection failed before anything was sent."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
