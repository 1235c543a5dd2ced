"""States, events and replies as JSON data and back, for the database and for replay."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any

from ivr.dialog import actions, events
from ivr.dialog.flow import Exit
from ivr.dialog.state import Asking, CallState, Facts, Place

_KINDS: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (
        events.CallStarted,
        events.Pressed,
        events.Spoke,
        events.Silent,
        events.Recorded,
        events.Waited,
        events.Offered,
        events.Transferred,
        events.Acted,
        events.HungUp,
        actions.Say,
        actions.Listen,
        actions.Record,
        actions.JoinQueue,
        actions.Transfer,
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
            data[name] = {k: v for k, v in asdict(value).items() if v not in (None, "", ())}
        elif isinstance(value, tuple):
            data[name] = [dict(one) if isinstance(one, Mapping) else one for one in value]
        else:
            data[name] = dict(value) if isinstance(value, Mapping) else value
    return data


def state_from_data(data: Mapping[str, Any]) -> CallState:
    """Return the state that `state_to_data` wrote. What this version does not know is left out."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    if (asking := given.get("asking")) is not None:
        given["asking"] = _asking(asking)
    place: dict[str, Any] = {name: given[name] for name in Place._fields if name in given}
    facts: dict[str, Any] = {name: given[name] for name in Facts._fields if name in given}
    return CallState(Place(**place), Facts(**facts))


def _asking(data: Mapping[str, Any]) -> Asking:
    given = {field.name: data[field.name] for field in fields(Asking) if field.name in data}
    for name in ("exit", "other"):
        if leave := given.get(name):
            given[name] = Exit(
                leave["goto"], leave.get("say"), tuple(leave.get("forget", ())), leave.get("name", "")
            )
    return Asking(**given)


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
        given["expect"] = actions.Expect(
            expect["kind"], tuple(expect["phrases"]), tuple(expect["digits"]), expect.get("check")
        )
        given["finish_key"] = _finish_key(given.get("finish_key"))
    if kind is actions.JoinQueue:
        given["announce"] = tuple(given.get("announce", ("position",)))
    if kind is actions.Act and given.get("filler"):
        given["filler"] = actions.Say(**given["filler"])
    return kind(**given)


def _finish_key(kept: object) -> str:
    """Read a finish key; calls of version 0.1 kept whether there was one."""
    return ("#" if kept else "") if isinstance(kept, bool) else str(kept or "")
