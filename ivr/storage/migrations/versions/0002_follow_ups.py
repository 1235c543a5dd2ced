"""call backs, ratings, recordings.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
import ivr.storage.tables.base

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('callbacks',
    sa.Column('id', sa.String(length=24), nullable=False),
    sa.Column('key', sa.String(length=128), nullable=False),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('queue', sa.String(length=64), nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('matter', sa.String(length=64), nullable=True),
    sa.Column('summary', sa.JSON(), nullable=False),
    sa.Column('entered_at', ivr.storage.tables.base.UtcTime(), nullable=False),
    sa.Column('not_before', ivr.storage.tables.base.UtcTime(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    op.create_index('ix_callbacks_call', 'callbacks', ['call'])
    op.create_index('ix_callbacks_number', 'callbacks', ['number'])
    op.create_index('ix_callbacks_state', 'callbacks', ['state'])
    op.create_table('ratings',
    sa.Column('key', sa.String(length=128), nullable=False),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('survey', sa.String(length=64), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', ivr.storage.tables.base.UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_index('ix_ratings_call', 'ratings', ['call'])
    op.create_index('ix_ratings_survey', 'ratings', ['survey'])
    op.create_table('recordings',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('node', sa.String(length=64), nullable=False),
    sa.Column('ms', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', ivr.storage.tables.base.UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['call'], ['calls.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_index('ix_recordings_call', 'recordings', ['call'])
    op.create_index('ix_recordings_at', 'recordings', ['at'])


def downgrade() -> None:
    op.drop_table('recordings')
    op.drop_table('ratings')
    op.drop_table('callbacks')
