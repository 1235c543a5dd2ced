"""the caller's level, and calls by caller.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('calls', sa.Column('level', sa.String(length=16), nullable=False, server_default=''))
    op.create_index('ix_calls_caller', 'calls', ['caller'])


def downgrade() -> None:
    op.drop_index('ix_calls_caller', 'calls')
    op.drop_column('calls', 'level')
