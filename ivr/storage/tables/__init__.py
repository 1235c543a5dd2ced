"""All tables, one module a noun."""

from ivr.storage.tables.base import Base
from ivr.storage.tables.calls import CallRow, EffectRow, TurnRow
from ivr.storage.tables.dispatch import DecisionRow, LeaseRow
from ivr.storage.tables.followups import CallbackRow, RatingRow, RecordingRow
from ivr.storage.tables.menus import DraftRow, MenuVersionRow, PublishedRow
from ivr.storage.tables.office import CaseEventRow, CaseRow, CodeRow, MessageRow, ProofRow
from ivr.storage.tables.people import AgentRow, AgentTimeRow, AuditRow, UserRow
from ivr.storage.tables.queue import TicketRow
from ivr.storage.tables.shop import (
    CouponRow,
    CustomerRow,
    OrderRow,
    PinRow,
    ProductRow,
    RefundRow,
    ReturnRow,
    ShipmentRow,
    ShopRequestRow,
)

__all__ = [
    "AgentRow",
    "AgentTimeRow",
    "AuditRow",
    "Base",
    "CallRow",
    "CallbackRow",
    "CaseEventRow",
    "CaseRow",
    "CodeRow",
    "CouponRow",
    "CustomerRow",
    "DecisionRow",
    "DraftRow",
    "EffectRow",
    "LeaseRow",
    "MenuVersionRow",
    "MessageRow",
    "OrderRow",
    "PinRow",
    "ProductRow",
    "ProofRow",
    "PublishedRow",
    "RatingRow",
    "RecordingRow",
    "RefundRow",
    "ReturnRow",
    "ShipmentRow",
    "ShopRequestRow",
    "TicketRow",
    "TurnRow",
    "UserRow",
]
