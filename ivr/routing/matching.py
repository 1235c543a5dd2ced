"""Who takes whom: the call for a free agent, the agent for a call. It decides and changes nothing."""

from heapq import heappop
from operator import attrgetter
from typing import NamedTuple, TypeVar

from ivr.routing.index import Index
from ivr.routing.lanes import Entry, IdleEntry, Lane, Profile, Rank
from ivr.routing.policy import STRICT_MS
from ivr.routing.reason import Rivals
from ivr.routing.records import Seat, Ticket

FEW = 4
"""Picking one idle profile out of the bits costs about as much as passing so many by."""

E = TypeVar("E", Entry, IdleEntry)
_size = attrgetter("size")


class Choice(NamedTuple):
    """A call for an agent, with what decided it."""

    ticket: Ticket
    rivals: Rivals


class Pick(NamedTuple):
    """An agent for a call, with what decided it."""

    seat: Seat
    rivals: Rivals


ONLY = Rivals((), None, 1)
KNOWN = Rivals((), None, 1, True)


# ---- the call for an agent


def best_call(index: Index, seat: Seat) -> Choice | None:
    """Return the call that an agent takes next: over all queues, first come first (R5, R7)."""
    lanes = index.lanes_of(seat)
    heads = [lane.heap[0] for lane in lanes if lane.size]
    if not heads:
        return None
    if index.rules.calls == "level":
        return _best_level(seat, lanes)
    heads.sort()
    chosen = first = heads[0]
    if index.rules.rare_first_ms and len(heads) > 1:
        chosen = _rarest(index, heads) or first
    lane = chosen[3].lane
    assert lane is not None
    follow = _second(lane.heap)
    if chosen is not first:
        follow = first
    elif len(heads) > 1 and (follow is None or heads[1] < follow):
        follow = heads[1]
    calls = sum(map(_size, lanes))
    return Choice(chosen[3], Rivals(chosen[:2], follow and follow[:2], calls, chosen is not first))


def first_call(index: Index, seat: Seat) -> Ticket | None:
    """Return the call that comes first in the one order of all that an agent could take."""
    heads = [lane.heap[0] for lane in index.lanes_of(seat) if lane.size]
    return min(heads)[3] if heads else None


def _best_level(seat: Seat, lanes: list[Lane]) -> Choice:
    """Return the longest waiting call of the agent's best skill that has one."""
    profile = seat.profile
    assert profile is not None
    heads = [(-profile.level(lane), lane.heap[0]) for lane in lanes if lane.size]
    heads.sort()
    first = heads[0][1]
    keys = [(level * STRICT_MS + entry[0], entry[1]) for level, entry in heads[:2]]
    calls = sum(map(_size, lanes))
    return Choice(first[3], Rivals(keys[0], keys[1] if len(keys) > 1 else None, calls))


def _rarest(index: Index, heads: list[Entry]) -> Entry | None:
    """Return the first call whose agents could all take another one here, if that makes it go first.

    `heads` are sorted. A call that others can take, too, lets such a call go before it as if that had
    waited `rare_first` longer: the bound of how far it can be overtaken.
    """
    limit, roster = heads[0][0] + index.rules.rare_first_ms, index.roster
    for entry in heads:
        if entry[0] >= limit:
            return None
        lane = entry[3].lane
        assert lane is not None
        wider = lane.wider if lane.wider_at == roster else index.wider(lane)
        if wider and any(_base(other) in wider for other in heads):
            return entry
    return None


def _base(entry: Entry) -> Lane:
    lane = entry[3].lane
    assert lane is not None
    return lane.base


def _second(heap: list[E]) -> E | None:
    """Return the living entry behind the first, which lives."""
    count = len(heap)
    if count == 1:
        return None
    left, right = heap[1], heap[2] if count > 2 else heap[1]
    if left[-1].stamp == left[-2] and right[-1].stamp == right[-2]:
        return left if left < right else right
    return min([entry for entry in heap[1:] if entry[-1].stamp == entry[-2]], default=None)


# ---- the agent for a call


def best_seat(index: Index, ticket: Ticket, lane: Lane, known: Seat | None) -> Pick | None:
    """Return the agent who takes a call now (R8); not the last one again if there is another (R12)."""
    if lane.owner is not None:
        return Pick(lane.owner, KNOWN) if lane.owner.stamp else None
    if not lane.able & index.idle_mask:
        return None
    if known is not None and _may_take(index, known, lane):
        return Pick(known, KNOWN)
    found, idle = _two_best(index, lane)
    if not found:
        return None
    if len(found) > 1 and found[0][1][4].id == ticket.last_agent:
        found.reverse()
    keys = [(*rank, *(entry[:3] if lane.counts else entry[1:3])) for rank, entry in found]
    return Pick(found[0][1][4], Rivals(keys[0], keys[1] if len(keys) > 1 else None, idle))


def _may_take(index: Index, seat: Seat, lane: Lane) -> bool:
    """Return whether an agent is idle, can take a lane's calls, and is not left to rarer ones."""
    profile = seat.profile
    if not seat.stamp or profile is None or profile not in lane.ranks:
        return False
    return not (index.rules.reserve and index.keeps_back(profile, lane.needs))


def _two_best(index: Index, lane: Lane) -> tuple[list[tuple[Rank, IdleEntry]], int]:
    """Return the best two idle agents, the best first, and how many there are."""
    found: list[tuple[Rank, IdleEntry]] = []
    idle = 0
    reserve = index.rules.reserve
    for rank, profiles in _idle_groups(index, lane):
        entries: list[IdleEntry] = []
        for profile in profiles:
            if not profile.idle or (reserve and index.keeps_back(profile, lane.needs)):
                continue
            idle += len(profile.idle)
            if len(found) < 2:
                entries += _first_two(profile, lane.kind)
        entries.sort()
        found += [(rank, entry) for entry in entries[: 2 - len(found)]]
    return found, idle


def _idle_groups(index: Index, lane: Lane) -> list[tuple[Rank, list[Profile]]]:
    """Return the profiles that may have idle agents, by rank; where few have, those alone."""
    idle = lane.able & index.idle_mask
    if idle.bit_count() * FEW > lane.able_count:
        return lane.groups
    found: dict[Rank, list[Profile]] = {}
    while idle:
        bit = idle & -idle
        profile = index.by_bit[bit]
        found.setdefault(lane.ranks[profile], []).append(profile)
        idle ^= bit
    return sorted(found.items())


def _first_two(profile: Profile, kind: str) -> list[IdleEntry]:
    heap = profile.heaps[kind]
    while heap[0][4].stamp != heap[0][3]:
        heappop(heap)
    second = _second(heap)
    return [heap[0]] if second is None else [heap[0], second]
