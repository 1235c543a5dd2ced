"""Who asks the shop's back end: each request is signed with a key that both sides know. Pure.

HMAC-SHA256, in hex, over four lines: the time in Unix seconds, the method, path and query as they stand in
the request line, and the SHA-256 of the body in hex.
"""

import hashlib
import hmac
from collections.abc import Sequence

TIME_HEADER, SIGNATURE_HEADER = "X-Shop-Timestamp", "X-Shop-Signature"
VERSION = "v1"
WINDOW_S = 300
"""How far the clocks of both sides may be apart; an older request is a repeated one."""


def sign(key: str, seconds: int, method: str, target: str, body: bytes) -> str:
    """Return the signature of a request."""
    text = f"{seconds}\n{method}\n{target}\n{hashlib.sha256(body).hexdigest()}"
    return f"{VERSION}={hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def headers(key: str, seconds: int, method: str, target: str, body: bytes) -> dict[str, str]:
    """Return what a signed request carries."""
    return {TIME_HEADER: str(seconds), SIGNATURE_HEADER: sign(key, seconds, method, target, body)}


def is_signed(
    keys: Sequence[str], now_s: int, method: str, target: str, body: bytes, time: str, signature: str
) -> bool:
    """Return whether one of the keys made this signature for this request, lately.

    `time` and `signature` are the headers as they came.
    """
    if not (time.isascii() and time.isdigit() and len(time) <= 12) or abs(now_s - int(time)) > WINDOW_S:
        return False
    given, good = signature.encode("utf-8", "replace"), False
    for key in keys:
        good |= hmac.compare_digest(sign(key, int(time), method, target, body).encode(), given)
    return good
