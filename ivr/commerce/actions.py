"""The business actions that menus can run: typed inputs, named outcomes, safe to repeat.

Each action is one function; its `ActionType` tells the menus and the linter all they may know. Before
an action runs it must be sure enough who calls, and no limit may be passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from ivr.commerce import account_actions, follow_actions, order_actions, refund_actions
from ivr.commerce.context import Context, Outcome
from ivr.commerce.refund_actions import amount_in
from ivr.commerce.remembering import remembering
from ivr.commerce.standing import guard
from ivr.dialog.actions import Act, ActionType
from ivr.dialog.events import Acted, Value
from ivr.errors import Unavailable
from ivr.ports import Spending

_ACTIONS = (
    *account_actions.ACTIONS,
    *order_actions.ACTIONS,
    *refund_actions.ACTIONS,
    *follow_actions.ACTIONS,
)
ACTION_TYPES: Mapping[str, ActionType] = {kind.name: kind for kind, _ in _ACTIONS}
"""What the menus may run, by name."""
_RUNS = {kind.name: run for kind, run in _ACTIONS}
DONE = {"refund.request": "accepted", "order.cancel": "cancelled", "coupon.grant": "granted"}
"""How actions end that have moved money."""
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action: for the dialogue, and for the audit: for whom, and how much money moved."""

    acted: Acted
    customer: str = ""
    amount: Decimal = Decimal(0)


def run(act: Act, context: Context) -> Done:
    """Run an action. A shop that fails is an outcome, never an exception."""
    kind = ACTION_TYPES[act.action]
    customer, context = "", replace(context, shop=remembering(context.shop))
    try:
        subject, instead = guard(kind, act.inputs, context)
        customer = subject.name
        outcome, data = instead or _limited(kind, act.inputs, context, customer)
    except Unavailable:
        outcome, data = "unavailable", {}
    return Done(
        Acted(context.now, act.action, outcome, data),
        customer,
        _moved(kind, outcome, data),
    )


def _limited(kind: ActionType, inputs: Mapping[str, Value], context: Context, customer: str) -> Outcome:
    limit = context.rules.limits.get(kind.name)
    if limit is not None and kind.over:
        amount = amount_in(inputs) if "amount" in kind.inputs else context.rules.goodwill.amount
        wanted = Spending(
            kind.name,
            amount or Decimal(0),
            context.call,
            customer,
            limit.call,
            limit.customer,
            limit.day,
        )
        if not context.office.ledger.reserve(context.key, wanted, context.now - A_DAY):
            return kind.over, {}
    return _RUNS[kind.name](context, inputs)


def _moved(kind: ActionType, outcome: str, data: Mapping[str, Value]) -> Decimal:
    if DONE.get(kind.name) != outcome:
        return Decimal(0)
    told = data.get("amount")
    return Decimal(str(told["amount"])) if isinstance(told, dict) else Decimal(0)
