"""the demo shop whole: products, parcels, returns, coupons; refunds of single items; changes by key.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
import ivr.storage.tables.base

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('shop_customers') as table:
        table.add_column(sa.Column('email', sa.String(length=254), nullable=False, server_default=''))
        table.add_column(sa.Column('postcode', sa.String(length=16), nullable=False, server_default=''))
        table.add_column(sa.Column('points', sa.Integer(), nullable=False, server_default='0'))
        table.add_column(sa.Column('points_expire', sa.Date(), nullable=True))
    with op.batch_alter_table('shop_orders') as table:
        table.add_column(sa.Column('prices', sa.JSON(), nullable=False, server_default='[]'))
        table.add_column(sa.Column('address', sa.Text(), nullable=False, server_default=''))
        table.add_column(sa.Column('gift', sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column('instalments', sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column('payment', sa.String(length=16), nullable=False, server_default='paid'))
    op.create_table('shop_products',
    sa.Column('sku', sa.String(length=24), nullable=False),
    sa.Column('name', sa.String(length=128), nullable=False),
    sa.Column('price', sa.Numeric(precision=12, scale=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('stock', sa.Integer(), nullable=False),
    sa.Column('warranty_months', sa.Integer(), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('words', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('sku')
    )
    op.create_index('ix_shop_products_name', 'shop_products', ['name'])
    op.create_table('shop_shipments',
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('order', sa.String(length=24), nullable=False),
    sa.Column('carrier', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('place', sa.String(length=128), nullable=False),
    sa.Column('scanned_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['order'], ['shop_orders.number']),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_index('ix_shop_shipments_order', 'shop_shipments', ['order'])
    op.create_table('shop_returns',
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('order', sa.String(length=24), nullable=False),
    sa.Column('items', sa.JSON(), nullable=False),
    sa.Column('wish', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['order'], ['shop_orders.number']),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_index('ix_shop_returns_order', 'shop_returns', ['order'])
    op.create_table('shop_coupons',
    sa.Column('code', sa.String(length=24), nullable=False),
    sa.Column('amount', sa.Numeric(precision=12, scale=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('least', sa.Numeric(precision=12, scale=2), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('used', sa.Boolean(), nullable=False),
    sa.Column('customer', sa.String(length=16), nullable=True),
    sa.ForeignKeyConstraint(['customer'], ['shop_customers.id']),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_index('ix_shop_coupons_customer', 'shop_coupons', ['customer'])
    requests = op.create_table('shop_requests',
    sa.Column('key', sa.String(length=128), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('name', sa.String(length=24), nullable=False),
    sa.Column('at', ivr.storage.tables.base.UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('key')
    )
    old = sa.table('shop_refunds', *(sa.column(name) for name in ('number', 'order', 'amount', 'currency', 'status', 'key')),
                   sa.column('at', ivr.storage.tables.base.UtcTime()))
    kept = op.get_bind().execute(sa.select(old)).mappings().all()
    op.drop_table('shop_refunds')
    refunds = op.create_table('shop_refunds',
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('order', sa.String(length=24), nullable=False),
    sa.Column('amount', sa.Numeric(precision=12, scale=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('items', sa.JSON(), nullable=False),
    sa.Column('requested_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['order'], ['shop_orders.number']),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_index('ix_shop_refunds_order', 'shop_refunds', ['order'])
    if kept:
        op.bulk_insert(refunds, [
            {**{name: one[name] for name in ('number', 'order', 'amount', 'currency', 'status')},
             'items': [], 'requested_on': one['at'].date()} for one in kept])
        op.bulk_insert(requests, [
            {'key': one['key'], 'kind': 'Refund', 'name': one['number'], 'at': one['at']} for one in kept])


def downgrade() -> None:
    raise NotImplementedError("refunds of single items have no place in the older tables; restore a backup")
