"""cases, outbox, proofs of who calls, PINs; whom an action was for and what it moved.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

import ivr.storage.tables.base

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    utc = ivr.storage.tables.base.UtcTime()
    op.add_column('effects', sa.Column('customer', sa.String(length=48), nullable=False, server_default=''))
    op.add_column('effects', sa.Column('amount', sa.Numeric(precision=12, scale=2), nullable=False, server_default='0'))
    op.create_index('ix_effects_customer', 'effects', ['customer'])
    op.add_column('shop_customers', sa.Column('pace', sa.String(length=8), nullable=False, server_default='normal'))
    op.add_column('shop_customers', sa.Column('locked', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table('shop_pins',
    sa.Column('customer', sa.String(length=16), nullable=False),
    sa.Column('digest', sa.String(length=128), nullable=False),
    sa.ForeignKeyConstraint(['customer'], ['shop_customers.id']),
    sa.PrimaryKeyConstraint('customer')
    )
    op.create_table('cases',
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('key', sa.String(length=128), nullable=False, unique=True),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('severity', sa.Integer(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('recording', sa.String(length=40), nullable=False),
    sa.Column('order', sa.String(length=24), nullable=False),
    sa.Column('customer', sa.String(length=32), nullable=False),
    sa.Column('phone', sa.String(length=32), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('queue', sa.String(length=64), nullable=False),
    sa.Column('opened_at', utc, nullable=False),
    sa.Column('due_at', utc, nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    for column in ('call', 'customer', 'due_at', 'state'):
        op.create_index(f'ix_cases_{column}', 'cases', [column])
    op.create_table('case_events',
    sa.Column('id', sa.Integer(), nullable=False, autoincrement=True),
    sa.Column('case', sa.String(length=16), nullable=False),
    sa.Column('at', utc, nullable=False),
    sa.Column('who', sa.String(length=64), nullable=False),
    sa.Column('what', sa.String(length=24), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['case'], ['cases.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_case_events_case', 'case_events', ['case'])
    op.create_table('outbox',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('key', sa.String(length=128), nullable=False, unique=True),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('template', sa.String(length=64), nullable=False),
    sa.Column('channel', sa.String(length=8), nullable=False),
    sa.Column('to', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('secret', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('claim', sa.String(length=32), nullable=False),
    sa.Column('created_at', utc, nullable=False),
    sa.Column('next_at', utc, nullable=False),
    sa.Column('sent_at', utc, nullable=True),
    sa.Column('provider_id', sa.String(length=64), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    for column in ('call', 'state', 'next_at'):
        op.create_index(f'ix_outbox_{column}', 'outbox', [column])
    op.create_table('proofs',
    sa.Column('id', sa.Integer(), nullable=False, autoincrement=True),
    sa.Column('key', sa.String(length=128), nullable=False, unique=True),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('subject', sa.String(length=48), nullable=False),
    sa.Column('caller', sa.String(length=32), nullable=False),
    sa.Column('factor', sa.String(length=16), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('at', utc, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_proofs_call', 'proofs', ['call'])
    op.create_index('ix_proofs_subject', 'proofs', ['subject'])
    op.create_index('ix_proofs_caller', 'proofs', ['caller'])
    op.create_table('codes',
    sa.Column('id', sa.Integer(), nullable=False, autoincrement=True),
    sa.Column('call', sa.String(length=64), nullable=False),
    sa.Column('subject', sa.String(length=48), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('at', utc, nullable=False),
    sa.Column('until', utc, nullable=False),
    sa.Column('used', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_codes_call', 'codes', ['call'])
    op.create_index('ix_codes_subject', 'codes', ['subject'])


def downgrade() -> None:
    for table in ('codes', 'proofs', 'outbox', 'case_events', 'cases', 'shop_pins'):
        op.drop_table(table)
    op.drop_column('shop_customers', 'locked')
    op.drop_column('shop_customers', 'pace')
    op.drop_index('ix_effects_customer', 'effects')
    op.drop_column('effects', 'amount')
    op.drop_column('effects', 'customer')
