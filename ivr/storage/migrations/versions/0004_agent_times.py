"""how long agents did what, by the hour.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
import ivr.storage.tables.base

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent_times',
    sa.Column('agent', sa.String(length=64), nullable=False),
    sa.Column('hour', ivr.storage.tables.base.UtcTime(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('agent', 'hour', 'state')
    )
    op.create_index('ix_agent_times_hour', 'agent_times', ['hour'])


def downgrade() -> None:
    op.drop_table('agent_times')
