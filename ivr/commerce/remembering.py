"""A shop that is asked the same thing once while one action runs: who calls, which order, whose it is."""

from collections.abc import Callable
from typing import Any, cast

from ivr.ports import Shop

ASKED_AGAIN = ("order", "customer", "customer_by_phone", "check_pin")
"""What the check of who calls and the action itself both ask."""


def remembering(shop: Shop) -> Shop:
    """Return the shop with a memory; make a new one for each action, since answers grow old."""
    return cast(Shop, _Remembering(shop))


class _Remembering:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._known: dict[tuple[str, tuple[Any, ...]], Any] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._shop, name)
        return self._asked(name, method) if name in ASKED_AGAIN else method

    def _asked(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any) -> Any:
            if (name, args) not in self._known:
                self._known[name, args] = method(*args)
            return self._known[name, args]

        return ask
