"""States, events and replies as JSON data and back, for the database and for replay."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any

from ivr.dialog import actions, events
from ivr.dialog.engine import Asking, CallState, Facts, Place
from ivr.dialog.flow import Exit

_KINDS: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (
        events.CallStarted,
        events.Pressed,
        events.Spoke,
        events.Silent,
        events.Acted,
        events.HungUp,
        actions.Say,
        actions.Listen,
        actions.JoinQueue,
        actions.HangUp,
        actions.Act,
    )
}


def state_to_data(state: CallState) -> dict[str, Any]:
    """Return a state as JSON data; what is at its default is left out."""
    data: dict[str, Any] = {"node": state.node}
    for name, value in (*state.place._asdict().items(), *state.facts._asdict().items()):
        if not value:
            continue
        if isinstance(value, Asking):
            data[name] = asdict(value)
        elif isinstance(value, tuple):
            data[name] = list(value)
        else:
            data[name] = dict(value) if isinstance(value, Mapping) else value
    return data


def state_from_data(data: Mapping[str, Any]) -> CallState:
    """Return the state that `state_to_data` wrote."""
    given = dict(data)
    facts = Facts(given.pop("caller", ""), given.pop("slots", {}))
    if (asking := given.get("asking")) is not None:
        leave = asking.get("exit")
        given["asking"] = Asking(
            asking.get("value"),
            Exit(leave["goto"], leave["say"], tuple(leave["forget"]), leave.get("name", ""))
            if leave
            else None,
            asking.get("intent"),
            asking.get("words", ""),
        )
    if "trail" in given:
        given["trail"] = tuple(given["trail"])
    return CallState(Place(**given), facts)


def to_data(thing: Any) -> dict[str, Any]:
    """Return an event, reply or effect as JSON data with its `kind`."""
    return {"kind": type(thing).__name__, **_plain(thing)}


def _plain(thing: Any) -> Any:
    if is_dataclass(thing) and not isinstance(thing, type):
        return {f.name: _plain(getattr(thing, f.name)) for f in fields(thing)}
    if isinstance(thing, Mapping):
        return {name: _plain(value) for name, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_plain(value) for value in thing]
    return thing.isoformat() if isinstance(thing, datetime) else thing


def from_data(data: Mapping[str, Any]) -> Any:
    """Return the event, reply or effect that `to_data` wrote."""
    given = {name: value for name, value in data.items() if name != "kind"}
    kind = _KINDS[data["kind"]]
    if "at" in given:
        given["at"] = datetime.fromisoformat(given["at"])
    if kind is events.Spoke:
        given["intents"] = tuple(events.Intent(**intent) for intent in given.get("intents", ()))
    if kind is actions.Listen:
        expect = given["expect"]
        given["expect"] = actions.Expect(expect["kind"], tuple(expect["phrases"]), tuple(expect["digits"]))
    if kind is actions.Act and given.get("filler"):
        given["filler"] = actions.Say(**given["filler"])
    return kind(**given)
