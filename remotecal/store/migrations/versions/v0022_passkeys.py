"""Passkeys, and what one is to sign."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "passkeys",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("user", sa.Text, sa.ForeignKey("users.name"), nullable=False),
        sa.Column(
            "credential", sa.Text, nullable=False, unique=True, comment="what its device calls it, base64url"
        ),
        sa.Column("handle", sa.LargeBinary, nullable=False, comment="what its device calls the user"),
        sa.Column("key", sa.LargeBinary, nullable=False, comment="its public key, COSE"),
        sa.Column(
            "signed",
            sa.BigInteger,
            nullable=False,
            comment="how often it signed, as its device says; 0: not told",
        ),
        sa.Column("name", sa.Text, nullable=False, comment="by which its owner knows it"),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("used", sa.Float, comment="when it last said who somebody is"),
        comment="with which people log in, beside their password",
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user", "id"])
    op.create_table(
        "passkey_challenges",
        sa.Column(
            "digest", sa.Text, primary_key=True, comment="SHA-256 of whom it was given to, and what for"
        ),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        comment="what a passkey is to sign, once",
    )
    op.create_index("ix_passkey_challenges_expires", "passkey_challenges", ["expires"])
