"""X-Twilio-Signature: made and checked (https://www.twilio.com/docs/usage/security). Pure.

Base64 of HMAC-SHA1 over the full public URL followed, for form posts, by every parameter sorted by
name as name + value. The raw path and query count: nothing is decoded or built anew.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def sign(url: str, form: Iterable[tuple[str, str]], token: str) -> str:
    """Return the signature of a request. `form` are its (name, value) pairs, in any order."""
    pairs = sorted(set(form))
    text = url + "".join(name + value for name, value in pairs)
    mac = hmac.new(token.encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


def valid(
    url: str, form: Sequence[tuple[str, str]], tokens: Sequence[str], signature: str | None, body: bytes = b""
) -> bool:
    """Return whether one of the tokens made this signature for this request.

    The URL counts as it is, with its default port, and without a port; a socket's URL also with
    and without a trailing slash. `body` is checked where the URL carries a `bodySHA256`.
    """
    if not signature or not tokens or not _body_fits(url, body):
        return False
    given = signature.encode("utf-8", "replace")
    good = False
    for candidate in _candidates(url):
        for token in tokens:
            good |= hmac.compare_digest(sign(candidate, form, token).encode(), given)
    return good


def _body_fits(url: str, body: bytes) -> bool:
    _, found, digest = url.partition("bodySHA256=")
    if not found:
        return True
    wanted = digest.partition("&")[0]
    return hmac.compare_digest(hashlib.sha256(body).hexdigest(), wanted.lower())


def _candidates(url: str) -> Iterator[str]:
    url = url.partition("#")[0]
    urls = [url]
    if url.startswith(("ws://", "wss://")):
        urls.append(url.removesuffix("/") if url.endswith("/") else url + "/")
    for one in urls:
        yield one
        other = _other_port(one)
        if other is not None:
            yield other


def _other_port(url: str) -> str | None:
    """Return the URL without its port, or with the default one; user-info is left as it is."""
    scheme, _, rest = url.partition("://")
    authority = urlsplit(url).netloc
    tail = rest[len(authority) :]
    user, at, host = authority.rpartition("@")
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        return f"{scheme}://{user}{at}{name}{tail}"
    default = DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{user}{at}{host}:{default}{tail}" if default else None
