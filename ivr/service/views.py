"""Agents and tickets as JSON data, as desks, studio and transcripts see them."""

from typing import Any

from ivr.storage.tables import AgentRow, TicketRow


def agent_data(row: AgentRow) -> dict[str, Any]:
    """Return an agent as JSON data."""
    return {
        "agent": row.login,
        "name": row.user.name,
        "state": row.state,
        "since": row.since.isoformat(),
        "skills": row.skills,
        "missed": row.missed,
        "pause_reason": row.pause_reason,
        "ticket": row.ticket,
    }


def ticket_data(row: TicketRow) -> dict[str, Any]:
    """Return a ticket as JSON data."""
    return {
        "ticket": row.id,
        "call_id": row.call,
        "queue": row.queue,
        "skills": row.skills,
        "language": row.language,
        "priority": row.priority,
        "matter": row.matter,
        "number": row.number,
        "callback": row.callback,
        "attempts": row.attempts,
        "summary": row.summary,
        "entered_at": row.entered_at.isoformat(),
        "state": row.state,
        "agent": row.agent,
        "offer": row.offer,
        "offer_expires_at": row.offer_expires_at.isoformat() if row.offer_expires_at else None,
        "reason": row.reason,
        "connected_at": row.connected_at.isoformat() if row.connected_at else None,
        "note": row.note,
    }
