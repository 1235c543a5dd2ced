"""The index of who waits and who is idle: a lane for each kind of demand, a profile for each kind of agent.

A free agent looks at the heads of his lanes only, and a call that nobody free can take holds nobody up.
Entries that have left are dead until they come to the top of their heap or outnumber the living; the
first of a lane always lives.
"""

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from ivr.routing.lanes import Demand, Kinds, Lane, Profile, idle_key, profile_key
from ivr.routing.model import Agent
from ivr.routing.policy import Rules
from ivr.routing.records import Seat, Ticket

SLACK = 8
"""Dead entries a heap may hold beyond the number of living ones."""
MOST_EMPTY_LANES = 4096
ANY_AGE_MS = 10**12


class Index:
    """All lanes and all profiles."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.lanes: dict[Demand, Lane] = {}
        self.plain: dict[tuple[str, Kinds], Lane] = {}
        self.by_queue: dict[str, list[Lane]] = {}
        self.by_skill: dict[str, list[Lane]] = {}
        self.profiles: dict[tuple[object, ...], Profile] = {}
        self.having: dict[str, dict[int, Profile]] = {}
        self.by_bit: dict[int, Profile] = {}
        self.idle_mask = 0
        self.roster = 0  # counts what may change who is rarer than whom
        self.idle_with: dict[str, int] = dict.fromkeys(rules.reserve, 0)
        self.delays: dict[str, list[int]] = {}
        self._stamps = 0
        self._bits: list[int] = []
        self.most_lanes = MOST_EMPTY_LANES

    # ---- calls

    def lane(self, demand: Demand) -> Lane:
        """Return the lane of a demand."""
        lane = self.lanes.get(demand)
        if lane is None:
            lane = self.lanes[demand] = Lane(demand, self.rules.of(demand.queue))
            self.by_queue.setdefault(demand.queue, []).append(lane)
            if not demand.only:
                self.by_skill.setdefault(_sort_skill(lane.needs), []).append(lane)
                for profile in self._holders(lane.needs):
                    if lane.admits(profile):
                        self._join(profile, lane)
            lane.base = self._base(lane)
            self.roster += 1
        return lane

    def plain_lane(self, queue: str, needs: Kinds) -> Lane:
        """Return the lane of calls that need some skills and nothing else: the most frequent question."""
        lane = self.plain.get((queue, needs))
        if lane is None:
            lane = self.lane(Demand(queue, queue, needs))
            self.plain[queue, needs] = lane
        return lane

    def _holders(self, needs: Mapping[str, int]) -> list["Profile"]:
        """Return the profiles with the rarest of the needed skills."""
        having = [self.having.get(skill, {}) for skill in needs]
        return list(min(having, key=len).values() if having else self.profiles.values())

    def push(self, ticket: Ticket, lane: Lane) -> None:
        """Let a call wait in a lane."""
        self._stamps += 1
        ticket.stamp, ticket.lane = self._stamps, lane
        lane.size += 1
        if ticket.score > lane.last_score:
            lane.last_score = ticket.score
        heappush(lane.heap, (ticket.score, ticket.id, self._stamps, ticket))

    def pull(self, ticket: Ticket) -> None:
        """Take a call out of its lane."""
        lane, ticket.lane, ticket.stamp = ticket.lane, None, 0
        if lane is None:
            return
        lane.size -= 1
        heap = lane.heap
        if heap[0][3] is ticket:
            heappop(heap)
            while heap and heap[0][3].stamp != heap[0][2]:
                heappop(heap)
        elif len(heap) > 2 * lane.size + SLACK:
            lane.heap = [entry for entry in heap if entry[3].stamp == entry[2]]
            heapify(lane.heap)

    def prune(self) -> None:
        """Forget lanes in which nobody waits and that measure no other, at a time when no call is loose."""
        self.plain.clear()
        used = [lane for lane in self.lanes.values() if lane.size]
        kept = {id(lane) for lane in used} | {id(lane.base) for lane in used}
        empty = {id(lane) for lane in self.lanes.values()} - kept
        self.lanes = {demand: lane for demand, lane in self.lanes.items() if id(lane) not in empty}
        for profile in self.profiles.values():
            profile.lanes = [lane for lane in profile.lanes if id(lane) not in empty]
        for lists in (self.by_skill, self.by_queue):
            for name, lanes in lists.items():
                lists[name] = [lane for lane in lanes if id(lane) not in empty]
        self.most_lanes = max(MOST_EMPTY_LANES, 2 * len(self.lanes))

    def _base(self, lane: Lane) -> Lane:
        """Return the lane of what a lane's calls asked for at first."""
        demand = lane.demand
        if demand.asked is None and not demand.only and demand.queue not in self.delays:
            return lane
        asked = demand.needs if demand.asked is None else demand.asked
        base = Demand(demand.queue, demand.queue, asked, age_ms=ANY_AGE_MS)
        return lane if demand == base else self.lane(base)

    def wider(self, lane: Lane) -> set[Lane]:
        """Return the base lanes whose agents at work include all of a lane's base, and more."""
        if lane.wider_at != self.roster:
            able, count = lane.base.able, lane.base.able_count
            witness = self.by_bit[able & -able].lanes if able else ()
            bases = {one.base for one in witness}
            lane.wider = {one for one in bases if count < one.able_count and able & one.able == able}
            lane.wider_at = self.roster
        return lane.wider

    def lanes_of(self, seat: Seat) -> list[Lane]:
        """Return the lanes whose calls an agent may take now."""
        profile = seat.profile
        assert profile is not None
        lanes = profile.lanes
        if self.rules.reserve:
            lanes = [lane for lane in lanes if not self.keeps_back(profile, lane.needs)]
        return [*lanes, *seat.held] if seat.held else lanes

    # ---- agents

    def seat(self, seat: Seat) -> list[str]:
        """Give an agent the profile that fits. Return the queues for which delays are new."""
        key = profile_key(seat.agent)
        profile = self.profiles.get(key)
        if profile is None:
            profile = self.profiles[key] = self._new_profile(seat.agent)
        profile.users += 1
        seat.profile = profile
        return [pool for pool, delay in profile.delays.items() if delay and self._new_delay(pool, delay)]

    def _new_delay(self, pool: str, delay: int) -> bool:
        known = self.delays.setdefault(pool, [])
        if delay in known:
            return False
        known.append(delay)
        known.sort()
        for lane in list(self.lanes.values()):
            lane.base = self._base(lane)
        self.roster += 1
        return True

    def unseat(self, profile: Profile) -> None:
        """Forget an agent of a profile who is not at work."""
        profile.users -= 1
        if not profile.users:
            del self.profiles[profile.key]
            for lane in profile.lanes:
                lane.dismiss(profile)
            for skill in profile.skills:
                del self.having[skill][profile.bit]
            del self.by_bit[profile.bit]
            self._bits.append(profile.bit)

    def _new_profile(self, agent: Agent) -> Profile:
        bit = self._bits.pop() if self._bits else 1 << len(self.profiles)
        profile = self.by_bit[bit] = Profile(agent, bit)
        for skill in profile.skills:
            self.having.setdefault(skill, {})[bit] = profile
        for skill in ("", *profile.skills):
            for lane in self.by_skill.get(skill, ()):
                if lane.admits(profile):
                    self._join(profile, lane)
        return profile

    def _join(self, profile: Profile, lane: Lane) -> None:
        new = lane.kind not in profile.heaps
        lane.enlist(profile)
        if new:
            for seat in profile.idle.values():
                self._enter(seat, profile, lane.kind)

    def start_work(self, profile: Profile) -> None:
        """One more agent of a profile is at work."""
        profile.at_work += 1
        if profile.at_work == 1:
            self.roster += 1
            for lane in profile.lanes:
                lane.staff(profile)

    def stop_work(self, profile: Profile) -> list[Lane]:
        """One agent fewer is at work. Return the lanes in which calls wait for nobody now."""
        profile.at_work -= 1
        if profile.at_work:
            return []
        self.roster += 1
        for lane in profile.lanes:
            lane.unstaff(profile)
        return [lane for lane in profile.lanes if lane.size and not lane.able]

    def set_idle(self, seat: Seat) -> None:
        """Let an agent wait for a call."""
        profile = seat.profile
        assert profile is not None
        self._stamps += 1
        seat.stamp = self._stamps
        if not profile.idle:
            self.idle_mask |= profile.bit
        profile.idle[seat.id] = seat
        for kind in profile.heaps:
            self._enter(seat, profile, kind)
        for skill in self.idle_with:
            self.idle_with[skill] += skill in profile.skills

    def _enter(self, seat: Seat, profile: Profile, kind: str) -> None:
        heap = profile.heaps[kind]
        if len(heap) > 2 * len(profile.idle) + SLACK:
            heap[:] = [entry for entry in heap if entry[4].stamp == entry[3]]
            heapify(heap)
        heappush(heap, (idle_key(seat, kind), seat.idle_ms, seat.id, seat.stamp, seat))

    def set_busy(self, seat: Seat) -> None:
        """Take an agent out of those who wait for a call."""
        profile = seat.profile
        if profile is None or profile.idle.pop(seat.id, None) is None:
            return
        seat.stamp = 0
        if not profile.idle:
            self.idle_mask &= ~profile.bit
        for skill in self.idle_with:
            self.idle_with[skill] -= skill in profile.skills

    def keeps_back(self, profile: Profile, needs: Mapping[str, int]) -> bool:
        """Return whether the reserve leaves these agents to rarer calls."""
        return any(
            skill in profile.skills and skill not in needs and self.idle_with[skill] <= least
            for skill, least in self.rules.reserve.items()
        )


def _sort_skill(needs: Iterable[str]) -> str:
    return min(needs, default="")
