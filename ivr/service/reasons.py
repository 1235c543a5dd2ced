"""Why a call went where it went: the decisions that were kept, in words and as data."""

from typing import Any

from sqlalchemy import or_, select

from ivr.errors import NotFound
from ivr.storage.session import Database
from ivr.storage.tables import CallRow, DecisionRow, TicketRow


def reasons(db: Database, name: str) -> list[dict[str, Any]]:
    """Return what was decided about a call, or about one ticket of it, in order.

    Raise NotFound when there is neither a call nor a ticket of that name.
    """
    with db.read() as session:
        mine = or_(TicketRow.call == name, TicketRow.id == name)
        tickets = session.scalars(select(TicketRow).where(mine).order_by(TicketRow.entered_at)).all()
        if not tickets and session.get(CallRow, name) is None:
            raise NotFound(f"there is no call and no ticket '{name}'")
        rows = session.scalars(
            select(DecisionRow)
            .where(DecisionRow.ticket.in_([row.id for row in tickets]))
            .order_by(DecisionRow.id)
        )
        entered = [_entered(row) for row in tickets]
        decided = [_decided(row) for row in rows]
    return sorted(entered + decided, key=lambda one: str(one["at"]))


def _entered(row: TicketRow) -> dict[str, Any]:
    wanted = " and ".join(
        f"{skill} {level}" if level > 1 else skill for skill, level in sorted(row.skills.items())
    )
    urgent = ", ".join(one["because"] for one in row.summary.get("urgency", ()))
    first = f"; goes before others: {urgent}" if urgent else ""
    return {
        "at": row.entered_at.isoformat(),
        "ticket": row.id,
        "agent": None,
        "what": "entered",
        "because": f"{row.queue}, for {wanted or 'anybody'}{first}",
        "reason": {"queue": row.queue, "skills": row.skills, "priority": row.priority},
    }


def _decided(row: DecisionRow) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "ticket": row.ticket,
        "agent": row.agent,
        "what": row.what,
        "because": "" if row.what == "connected" else row.because,
        "reason": row.data,
    }
