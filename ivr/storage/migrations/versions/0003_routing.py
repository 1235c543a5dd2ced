"""the dispatcher's lease, reasons of offers as data, when an agent was last seen.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
import ivr.storage.tables.base

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    leases = op.create_table('leases',
    sa.Column('name', sa.String(length=16), nullable=False),
    sa.Column('holder', sa.String(length=128), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('expires_at', ivr.storage.tables.base.UtcTime(), nullable=True),
    sa.Column('wakes', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.bulk_insert(leases, [{'name': 'dispatcher', 'holder': '', 'token': 0, 'wakes': 0}])
    op.create_table('decisions',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('at', ivr.storage.tables.base.UtcTime(), nullable=False),
    sa.Column('token', sa.Integer(), nullable=False),
    sa.Column('ticket', sa.String(length=64), nullable=False),
    sa.Column('agent', sa.String(length=64), nullable=True),
    sa.Column('what', sa.String(length=16), nullable=False),
    sa.Column('because', sa.Text(), nullable=False),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['ticket'], ['tickets.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_decisions_ticket', 'decisions', ['ticket'])
    op.create_index('ix_decisions_at', 'decisions', ['at'])


def downgrade() -> None:
    op.drop_table('decisions')
    op.drop_table('leases')
