"""The business actions that menus can run: typed inputs, named outcomes, safe to repeat.

Each action is one function; its `ActionType` tells the menus and the linter all they may know.
"""

from collections.abc import Mapping

from ivr.commerce import follow_actions, order_actions, refund_actions
from ivr.commerce.context import Context, Run
from ivr.dialog.actions import Act, ActionType
from ivr.dialog.events import Acted
from ivr.errors import Unavailable

_MONEY = "amount"
_ORDER = {"order": "order_number"}
_TOLD = {
    "number": "order_number",
    "status": "status",
    "total": _MONEY,
    "eta": "date",
    "delivered_on": "date",
    "items": "list",
    "method": "text",
}
_REFUND = {
    "number": "text",
    "order": "order_number",
    "amount": _MONEY,
    "method": "text",
    "days": "number",
    "window_days": "number",
    "delivered_on": "date",
    "requested_on": "date",
}
_PARCEL = {
    "order": "order_number",
    "carrier": "text",
    "place": "text",
    "scanned_on": "date",
    "eta": "date",
    "delivered_on": "date",
}
_BACK = {
    "number": "text",
    "order": "order_number",
    "items": "list",
    "window_days": "number",
    "delivered_on": "date",
}
_COUPON = {"code": "text", "amount": _MONEY, "least": _MONEY, "expires_on": "date"}
_ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "customer.identify",
            {"phone": "phone?"},
            ("known", "unknown", "unavailable"),
            "customer",
            fields={
                "id": "text",
                "name": "text",
                "level": "text",
                "points": "number",
                "points_expire": "date",
                "email": "text",
            },
            empty=("unknown", "unavailable"),
        ),
        order_actions.identify,
    ),
    (
        ActionType(
            "order.lookup",
            {"number": "order_number"},
            ("found", "not_found", "unavailable"),
            "order",
            fields=_TOLD,
        ),
        order_actions.look_up,
    ),
    (
        ActionType(
            "order.cancel",
            _ORDER,
            ("cancelled", "too_late", "already", "by_hand", "not_found", "unavailable"),
            "order",
            moves_money=True,
            fields={**_TOLD, "days": "number"},
        ),
        order_actions.cancel,
    ),
    (
        ActionType(
            "order.change_address",
            {**_ORDER, "address": "text"},
            ("changed", "too_late", "not_found", "unavailable"),
            "order",
            fields={**_TOLD, "address": "text"},
        ),
        order_actions.change_address,
    ),
    (
        ActionType(
            "shipment.track",
            _ORDER,
            (
                "on_the_way",
                "today",
                "at_pickup",
                "missed",
                "delivered",
                "not_sent",
                "lost",
                "cancelled",
                "not_found",
                "unavailable",
            ),
            "parcel",
            fields=_PARCEL,
        ),
        order_actions.track,
    ),
    (
        ActionType(
            "payment.status",
            _ORDER,
            ("paid", "pending", "failed", "double", "not_found", "unavailable"),
            "order",
            fields=_TOLD,
        ),
        order_actions.payment,
    ),
    (
        ActionType(
            "refund.check",
            {**_ORDER, "reason": "text?"},
            ("eligible", "needs_return", "too_late", "over_limit", "already", "not_found", "unavailable"),
            "refund",
            fields=_REFUND,
        ),
        refund_actions.check,
    ),
    (
        ActionType(
            "refund.request",
            {**_ORDER, "amount": "amount"},
            ("accepted", "rejected", "unavailable"),
            "refund",
            moves_money=True,
            fields=_REFUND,
            empty=("rejected", "unavailable"),
        ),
        refund_actions.request,
    ),
    (
        ActionType(
            "refund.track",
            _ORDER,
            ("requested", "paid", "none", "not_found", "unavailable"),
            "refund",
            fields=_REFUND,
        ),
        refund_actions.track,
    ),
    (
        ActionType(
            "return.label",
            {**_ORDER, "wish": "text?", "reason": "text?"},
            ("sent", "too_late", "not_delivered", "already", "not_found", "unavailable"),
            "sending",
            fields=_BACK,
        ),
        refund_actions.send_back,
    ),
    (
        ActionType(
            "coupon.check",
            {"code": "text"},
            ("valid", "valid_from", "expired", "used", "not_found", "unavailable"),
            "coupon",
            fields=_COUPON,
        ),
        refund_actions.coupon,
    ),
    (
        ActionType(
            "callback.book",
            {"queue": "queue", "number": "phone", "skills": "skills?", "priority": "number?", "at": "date?"},
            ("booked", "no_number", "unavailable"),
            "callback",
            fields={"number": "text", "phone": "phone"},
            empty=("no_number", "unavailable"),
        ),
        follow_actions.callback_book,
    ),
    (
        ActionType(
            "survey.record",
            {"survey": "text", "score": "number", "reason": "text?"},
            ("recorded", "unavailable"),
            "rating",
            empty=("recorded", "unavailable"),
        ),
        follow_actions.survey_record,
    ),
)
ACTION_TYPES: Mapping[str, ActionType] = {kind.name: kind for kind, _ in _ACTIONS}
"""What the menus may run, by name."""
_RUNS = {kind.name: run for kind, run in _ACTIONS}


def run(act: Act, context: Context) -> Acted:
    """Run an action. A shop that fails is an outcome, never an exception."""
    try:
        outcome, data = _RUNS[act.action](context, act.inputs)
    except Unavailable:
        outcome, data = "unavailable", {}
    return Acted(context.now, act.action, outcome, data)
