"""who talked with a caller last, and what a waiting caller was told.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('tickets', sa.Column('known_agent', sa.String(length=64), nullable=True))
    op.add_column('tickets', sa.Column('told', sa.JSON(), nullable=True))
    op.create_index('ix_tickets_number', 'tickets', ['number'])


def downgrade() -> None:
    op.drop_index('ix_tickets_number', 'tickets')
    op.drop_column('tickets', 'told')
    op.drop_column('tickets', 'known_agent')
