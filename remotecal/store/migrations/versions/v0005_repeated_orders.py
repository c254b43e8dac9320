"""What tells the repeated request for an order from another one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns; orders that are there were issued without a key."""
    op.add_column(
        "orders", sa.Column("repeat_key", sa.Text, comment="with which whoever issued it may ask again")
    )
    op.add_column(
        "orders", sa.Column("repeat_digest", sa.Text, comment="SHA-256 of the request that had that key")
    )
    op.create_index("uq_orders_by_repeat_key", "orders", ["by", "repeat_key"], unique=True)
