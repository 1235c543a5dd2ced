"""Menu versions: drafts are checked, published and rolled back; a call keeps the one it began with.

Versions are immutable and named by their content. A broken menu never replaces a published one.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from ivr.commerce.actions import ACTION_TYPES
from ivr.commerce.policy import Policies, read_policies
from ivr.dialog import source
from ivr.dialog.diff import Change, compare
from ivr.dialog.document import POLICIES, ROUTING, Loaded, load
from ivr.dialog.events import Intent
from ivr.dialog.flow import Flow, Queue
from ivr.dialog.hours import Calendar
from ivr.dialog.source import Fault
from ivr.errors import Conflict, InvalidInput, NotFound
from ivr.ports import Clock
from ivr.routing.policy import QUEUE_TARGET, Faulty, Place, QueuePolicy, Rules, read_rules
from ivr.service.feed import Feed
from ivr.storage.session import Database
from ivr.storage.tables import AuditRow, DraftRow, MenuVersionRow, PublishedRow
from ivr.understanding.store import Models

log = structlog.get_logger(__name__)
DEMO_MENUS = Path(__file__).resolve().parents[2] / "menus"
MAX_FILES = 200


class BrokenMenu(InvalidInput):
    """The menus have errors; they are in `faults`."""

    code = "broken_menu"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults[:5])))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Version:
    """A menu version ready for calls."""

    id: str
    flow: Flow
    models: Models

    def rank(self, text: str, language: str) -> tuple[Intent, ...]:
        """Return the readings of a sentence in a language."""
        return self.models.rank(text, language)


def read_folder(folder: Path) -> dict[str, str]:
    """Return the menu files of a folder by name; call scripts and schema are left out.

    Bytes that are not UTF-8 come as lone surrogates (PEP 383); `check` reports them with their line.
    Raise InvalidInput when there are no files.
    """
    paths = sorted(
        [*folder.glob("*.yaml"), *folder.glob("intents/*.yaml"), *folder.glob("translations/*.yaml")]
    )
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="surrogateescape")
        for path in paths
    }
    if not files:
        raise InvalidInput(f"there are no menu files (*.yaml) in {folder}")
    return files


OUTGROWN = frozenset(
    {
        "outcome-not-wired",
        "unknown-outcome",
        "unknown-input",
        "missing-input",
        "unknown-part",
        "bad-policy",
        "money-unconfirmed",
        "card-number",
        "other-slots",
    }
)
"""Rules that may have grown since a version was published; calls go on with it all the same.

An outcome that it does not wire leads to a person, policies that cannot be read are the default ones.
"""


def check(files: Mapping[str, str], tolerate: Collection[str] = ()) -> Loaded:
    """Return the flow of these files and all their faults, those of the routing rules included."""
    loaded = load(files, ACTION_TYPES, tolerate)
    faults = _routing_faults(files[ROUTING], loaded.flow) if ROUTING in files else ()
    faults += _policy_faults(files[POLICIES], loaded.flow) if POLICIES in files else ()
    if not faults:
        return loaded
    flow = loaded.flow if all(fault.rule in tolerate for fault in faults) else None
    return replace(loaded, flow=flow, faults=tuple(sorted((*loaded.faults, *faults))))


def _policy_faults(text: str, flow: Flow | None) -> tuple[Fault, ...]:
    read = source.read(POLICIES, text)
    if read.faults or not isinstance(read.data, dict):
        return ()  # told already, or nothing there
    try:
        policies = read_policies(read.data)
        rules = policies.priority
    except Faulty as faulty:
        single = isinstance(read.data.get("refund"), dict)
        for place, said in faulty.faults:
            at = (*place[:1], *place[2:]) if single and place[:1] == ("refund",) else place
            read.fault(at, "bad-policy", said)
        return tuple(read.faults)
    for place, said in _unknown_in_policies(policies, flow):
        read.fault(place, "bad-policy", said)
    for matter in rules.matters:
        if flow is not None and matter not in flow.intents and matter not in flow.examples:
            near = _near(matter, flow.intents)
            read.fault(("priority", "matters", matter), "bad-policy", f"there is no matter '{matter}'{near}")
    return tuple(read.faults)


def _unknown_in_policies(policies: Policies, flow: Flow | None) -> Iterator[tuple[Place, str]]:
    """Yield actions and queues that there are not."""
    for name in (*policies.limits, *policies.verification.actions):
        if name not in ACTION_TYPES:
            part = "limits" if name in policies.limits else "verification"
            yield (part, name), f"there is no action '{name}'{_near(name, ACTION_TYPES)}"
    for name in policies.limits:
        if name in ACTION_TYPES and not ACTION_TYPES[name].over:
            yield ("limits", name), f"'{name}' takes no limit"
    if flow is None:
        return
    for kind, case in policies.cases.items():
        if case.queue and case.queue not in flow.queues:
            yield (
                ("cases", kind, "queue"),
                f"there is no queue '{case.queue}'{_near(case.queue, flow.queues)}",
            )


def queue_for(wanted: str, flow: Flow) -> str:
    """Return a queue that there is: the one wanted, else that of whoever takes over from the hotline."""
    person = flow.nodes.get(flow.give_up)
    if wanted in flow.queues or not isinstance(person, Queue):
        return wanted
    return person.queue


def _routing_faults(text: str, flow: Flow | None) -> tuple[Fault, ...]:
    read = source.read(ROUTING, text)
    if read.faults:
        return ()  # told already
    try:
        rules = read_rules(read.data or {})
    except Faulty as faulty:
        for place, said in faulty.faults:
            read.fault(place, "bad-routing", said)
        return tuple(read.faults)
    if flow is not None:
        for place, said in _misfits(rules, flow):
            read.fault(place, "bad-routing", said)
    return tuple(read.faults)


def _misfits(rules: Rules, flow: Flow) -> Iterator[tuple[Place, str]]:
    """Yield what the rules name that the menus have not: queues, calendars, a way out of a closed queue."""
    for name in rules.queues:
        if name not in flow.queues:
            yield ("queues", name), f"there is no queue '{name}'{_near(name, flow.queues)}"
    places: dict[Place, QueuePolicy] = {("default",): rules.default}
    places |= {("queues", name): policy for name, policy in rules.queues.items()}
    for place, policy in places.items():
        if policy.hours is not None and policy.hours not in flow.calendars:
            near = _near(policy.hours, flow.calendars)
            yield (*place, "hours"), f"there is no calendar '{policy.hours}' in calendars.yaml{near}"
    for node in flow.nodes.values():
        if not isinstance(node, Queue) or node.overflow is not None:
            continue
        policy, place = rules.of(node.queue), ("queues", node.queue)
        if policy.hours is not None and not policy.when_closed.startswith(QUEUE_TARGET):
            where = place if node.queue in rules.queues else ("default",)
            yield (
                (*where, "hours"),
                f"callers are sent on while '{node.queue}' is closed, "
                f"but node '{node.name}' does not say where: give it an 'overflow'",
            )


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def routing_rules(flow: Flow, offer_ms: int) -> Rules:
    """Return the routing rules of a checked hotline; `offer_ms` holds where they name no `offer`."""
    return read_rules({"offer": f"{offer_ms}ms", **flow.routing})


def queue_hours(flow: Flow, rules: Rules) -> dict[str, Calendar]:
    """Return the calendar of each queue that has opening hours."""
    named = {queue: rules.of(queue).hours for queue in flow.queues}
    return {queue: flow.calendars[name] for queue, name in named.items() if name is not None}


def skills_of(flow: Flow, queue: str, language: str) -> dict[str, int]:
    """Return the skills that callers of a queue need when an agent passes them on: as its first node says."""
    nodes = (node for node in flow.nodes.values() if isinstance(node, Queue) and node.queue == queue)
    wanted = next((node.skills for node in nodes), {})
    fixed = {name: level for name, level in wanted.items() if not name.startswith("$")}
    return {**fixed, language: wanted.get("$language", 1)}


def version_id(files: Mapping[str, str]) -> str:
    """Return the SHA-256 that names these files."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


class Menus:
    """The hotline's menus in the database."""

    def __init__(self, db: Database, feed: Feed, clock: Clock, trained: Path | None = None) -> None:
        """`trained` is the folder in which understanding that was trained is kept."""
        self._db, self._feed, self._clock, self._trained = db, feed, clock, trained
        self._load = lru_cache(maxsize=32)(self._loaded)

    # ---- for calls

    def published(self) -> Version:
        """Return the version that new calls get. Raise NotFound when nothing is published."""
        with self._db.read() as session:
            row = _newest(session)
        if row is None:
            raise NotFound("no menu is published")
        return self.version(row.version)

    def version(self, version: str) -> Version:
        """Return a version by its id; the last ones stay in memory."""
        return self._load(version)

    def _loaded(self, version: str) -> Version:
        with self._db.read() as session:
            row = session.get(MenuVersionRow, version)
        if row is None:
            raise NotFound(f"there is no menu version {version[:12]}")
        loaded = check(row.files)
        if loaded.flow is None:
            loaded = check(row.files, OUTGROWN)
            log.warning("a version of older rules", version=version[:12], faults=len(loaded.errors))
        if loaded.flow is None:
            raise BrokenMenu(loaded.errors)
        return Version(version, loaded.flow, Models(loaded.flow, self._trained))

    # ---- for supervisors

    def ensure(self, folder: Path) -> None:
        """Publish a folder's menus if nothing is published yet."""
        with self._db.read() as session:
            if _newest(session) is not None:
                return
        self.publish(read_folder(folder), author="setup", note=f"from the folder {folder.name}")

    def publish(self, files: Mapping[str, str], *, author: str, note: str = "") -> str:
        """Check and publish files; new calls get them at once. Raise BrokenMenu with the faults."""
        loaded = check(files)
        if loaded.flow is None:
            raise BrokenMenu(loaded.errors)
        version = version_id(files)
        Models(loaded.flow, self._trained)  # understanding is trained before anybody calls
        with self._db.write() as session:
            before = _newest(session)
            if session.get(MenuVersionRow, version) is None:
                number = (session.scalar(select(func.max(MenuVersionRow.number))) or 0) + 1
                session.add(
                    MenuVersionRow(
                        id=version,
                        number=number,
                        parent=before.version if before else None,
                        author=author,
                        note=note,
                        files=dict(files),
                        created_at=self._clock(),
                    )
                )
            self._point_at(session, version, author, "menus.publish")
            draft = session.get(DraftRow, 1)
            if draft is not None:
                session.delete(draft)
        self._feed.publish("menus", {"version": version, "by": author})
        return version

    def roll_back(self, version: str, *, by: str) -> None:
        """Publish an earlier version again."""
        self.version(version)
        with self._db.write() as session:
            self._point_at(session, version, by, "menus.roll_back")
        self._feed.publish("menus", {"version": version, "by": by})

    def _point_at(self, session: Session, version: str, by: str, what: str) -> None:
        now = self._clock()
        session.add(PublishedRow(version=version, by=by, at=now))
        session.add(AuditRow(at=now, who=by, what=what, data={"version": version}))

    def draft(self) -> dict[str, Any]:
        """Return the draft's files with its revision, or those of the published version."""
        with self._db.read() as session:
            row = session.get(DraftRow, 1)
            if row is not None:
                return {
                    "files": row.files,
                    "revision": row.revision,
                    "by": row.by,
                    "base": row.base,
                    "changed": True,
                }
            newest = _newest(session)
            version = session.get(MenuVersionRow, newest.version) if newest else None
        files = version.files if version else {}
        return {
            "files": files,
            "revision": 0,
            "by": "",
            "base": version.id if version else "",
            "changed": False,
        }

    def save_draft(self, name: str, text: str | None, *, revision: int, by: str) -> int:
        """Keep one file of the draft (None removes it); broken files may be kept, not published.

        `revision` is the one the editor began with. Raise Conflict when somebody else was faster.
        """
        if "/" in name.removeprefix("intents/").removeprefix("translations/") or not name.endswith(".yaml"):
            raise InvalidInput(f"'{name}' is not the name of a menu file, such as orders.yaml")
        current = self.draft()
        if current["revision"] != revision:
            raise Conflict(f"{current['by'] or 'somebody'} has saved the draft meanwhile; reload it")
        files = {**current["files"], name: text} if text is not None else dict(current["files"])
        if text is None:
            files.pop(name, None)
        if len(files) > MAX_FILES:
            raise InvalidInput(f"a hotline has at most {MAX_FILES} files")
        try:
            with self._db.write() as session:
                row = session.get(DraftRow, 1)
                if row is None:
                    row = DraftRow(id=1, base=current["base"], files=files, by=by, at=self._clock())
                    session.add(row)
                else:
                    row.files, row.by, row.at = files, by, self._clock()
                session.flush()
                return row.revision
        except StaleDataError:
            raise Conflict("somebody has saved the draft meanwhile; reload it") from None

    def discard_draft(self, *, by: str) -> None:
        """Throw the draft away."""
        with self._db.write() as session:
            row = session.get(DraftRow, 1)
            if row is not None:
                session.delete(row)
                session.add(AuditRow(at=self._clock(), who=by, what="menus.discard", data={}))

    def publish_draft(self, *, by: str, note: str) -> str:
        """Publish the draft."""
        current = self.draft()
        if not current["changed"]:
            raise Conflict("there is no draft to publish")
        return self.publish(current["files"], author=by, note=note)

    def changes(self, flow: Flow, since: str | None = None) -> list[Change]:
        """Return what a caller would notice of a flow, against the published version or another one."""
        try:
            before = self.version(since) if since else self.published()
        except NotFound:
            return []
        return compare(before.flow, flow)

    def history(self) -> list[dict[str, Any]]:
        """Return all versions, newest first; `published` marks the one in use."""
        with self._db.read() as session:
            newest = _newest(session)
            rows = session.scalars(select(MenuVersionRow).order_by(MenuVersionRow.number.desc())).all()
            return [
                {
                    "id": row.id,
                    "number": row.number,
                    "author": row.author,
                    "note": row.note,
                    "at": row.created_at.isoformat(),
                    "parent": row.parent,
                    "published": newest is not None and newest.version == row.id,
                }
                for row in rows
            ]


def _newest(session: Session) -> PublishedRow | None:
    return session.scalars(select(PublishedRow).order_by(PublishedRow.id.desc()).limit(1)).first()
