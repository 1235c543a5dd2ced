"""the dispatcher's lease, decisions with their reasons, call backs as tickets.

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
    op.add_column('tickets', sa.Column('number', sa.String(length=64), nullable=False, server_default=''))
    op.add_column('tickets', sa.Column('callback', sa.String(length=24), nullable=True))
    op.add_column('tickets', sa.Column('dialled', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('tickets', sa.Column('not_before', ivr.storage.tables.base.UtcTime(), nullable=True))
    op.add_column('tickets', sa.Column('joined_at', ivr.storage.tables.base.UtcTime(), nullable=True))
    op.add_column('tickets', sa.Column('attempts', sa.Integer(), nullable=False, server_default='0'))
    op.create_index('ix_tickets_callback', 'tickets', ['callback'])
    op.create_index('ix_decisions_ticket', 'decisions', ['ticket'])
    op.create_index('ix_decisions_at', 'decisions', ['at'])


def downgrade() -> None:
    op.drop_index('ix_tickets_callback', 'tickets')
    for name in ('attempts', 'joined_at', 'not_before', 'dialled', 'callback', 'number'):
        op.drop_column('tickets', name)
    op.drop_table('decisions')
    op.drop_table('leases')
