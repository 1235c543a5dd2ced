"""What a caller says in confidence (a PIN, a code) never stands in the database, a log or on a screen.

Between the answer and the action that checks it, the value travels sealed (Fernet: AES-128-CBC and
HMAC-SHA-256) under a key derived from IVR_SECRET_KEY (HKDF, RFC 5869). Afterwards nothing is left of it.
"""

import base64
from collections.abc import Collection, Mapping
from dataclasses import replace

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivr.dialog.events import Event, Pressed, Recorded, Spoke, Value
from ivr.dialog.flow import Collect, Flow
from ivr.dialog.state import CallState, Step, Told

PREFIX = "sealed:"
HIDDEN = "(hidden)"


class Seal:
    """Seals values and opens them again."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(
            algorithm=SHA256(), length=32, salt=None, info=b"what callers say in confidence"
        ).derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, value: Value) -> Value:
        """Return a text sealed; what is sealed already, or no text, stays."""
        if not isinstance(value, str) or value.startswith(PREFIX):
            return value
        return PREFIX + self._fernet.encrypt(value.encode()).decode()

    def open(self, value: Value) -> Value:
        """Return what was sealed; "" where the seal is not ours."""
        if not (isinstance(value, str) and value.startswith(PREFIX)):
            return value
        try:
            return self._fernet.decrypt(value.removeprefix(PREFIX).encode()).decode()
        except InvalidToken:
            return ""

    def step(self, flow: Flow, done: Step) -> Step:
        """Return a step with the secrets in it sealed: in slots, and in what the action is given."""
        names = secret_slots(flow)
        slots = done.state.slots
        said = {slots[name] for name in names if isinstance(slots.get(name), str)}
        if not said:
            return done
        sealed = {value: self.close(value) for value in said}
        state = CallState(
            done.state.place,
            done.state.facts._replace(
                slots={n: sealed.get(v, v) if n in names else v for n, v in slots.items()}
            ),
        )
        effect = done.effect
        if effect is not None:
            inputs = {
                name: sealed.get(value, value) if isinstance(value, str) else value
                for name, value in effect.inputs.items()
            }
            effect = replace(effect, inputs=inputs)
        return Step(state, Told(done.told.replies, effect, *done.told[2:]))

    def opened(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        """Return an action's inputs with their secrets open."""
        return {name: self.open(value) for name, value in inputs.items()}


def hidden(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """Return an action's inputs as they may be kept: without secrets."""
    return {
        name: HIDDEN if isinstance(value, str) and value.startswith(PREFIX) else value
        for name, value in inputs.items()
    }


def secret_slots(flow: Flow) -> Collection[str]:
    """Return the slots that hold secrets."""
    return {node.slot for node in flow.nodes.values() if isinstance(node, Collect) and node.secret}


def is_secret(flow: Flow, node: str) -> bool:
    """Return whether a node asks for something that is neither shown nor kept."""
    asking = flow.nodes.get(node)
    return isinstance(asking, Collect) and asking.secret


def hidden_event(event: Event) -> Event:
    """Return an event as it may be kept and shown: that something was said or keyed, but not what."""
    match event:
        case Pressed(digits=digits):
            return replace(event, digits="*" * len(digits))
        case Spoke():
            return Spoke(event.at, HIDDEN, event.confidence)
        case Recorded():
            return replace(event, text=HIDDEN)
        case _:
            return event
