"""Standards that are out of service; certificates of standards that somebody brought."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

OUT = "back IS NULL"


def upgrade() -> None:
    """Make both tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "out_of_service",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column(
            "number",
            sa.Text,
            nullable=False,
            comment="serial number; its certificate's where nobody tells that",
        ),
        sa.Column("same", sa.Text, nullable=False, comment="that number as it is compared"),
        sa.Column("since", sa.Text, nullable=False, comment="day from which on it is in doubt, ISO 8601"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("back", sa.Float, comment="when it came back into service"),
        sa.Column("back_by", sa.Text, nullable=False, server_default=""),
        sa.Column("back_reason", sa.Text, nullable=False, server_default=""),
        comment="standards that no order may use, and those that none could for a while",
    )
    op.create_index("ix_out_of_service_same_id", "out_of_service", ["same", "id"])
    out = sa.text(OUT)
    op.create_index(
        "uq_out_of_service_same",
        "out_of_service",
        ["same"],
        unique=True,
        sqlite_where=out,
        postgresql_where=out,
    )
    op.create_table(
        "brought_certificates",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("standard", sa.Text, nullable=False, comment="number of the standard it was brought for"),
        sa.Column("same", sa.Text, nullable=False, comment="that number as it is compared"),
        sa.Column("number", sa.Text, nullable=False, comment="of the certificate"),
        sa.Column("finished", sa.Text, nullable=False, comment="last day of that calibration, ISO 8601"),
        sa.Column(
            "valid_until", sa.Text, nullable=False, comment="its last day, ISO 8601; '' if it does not say"
        ),
        sa.Column("sha256", sa.Text, nullable=False, comment="of the file"),
        sa.Column("issuer", sa.Text, nullable=False, comment="by language, JSON"),
        sa.Column("standing", sa.Text, nullable=False, comment="what was found of its signatures, in a word"),
        sa.Column(
            "doubt", sa.Text, nullable=False, comment="why nobody answers for it; '' where somebody does"
        ),
        sa.Column(
            "body",
            sa.Text,
            nullable=False,
            comment="who on the trust list answers for it, by language, JSON",
        ),
        sa.Column("trust", sa.Text, nullable=False, comment="by which issue of which trust list, in words"),
        sa.Column("by", sa.Text, nullable=False, comment="who brought it"),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("xml", sa.LargeBinary, nullable=False),
        comment="certificates of standards, as somebody brought them",
    )
    op.create_index(
        "uq_brought_certificates_same_sha256", "brought_certificates", ["same", "sha256"], unique=True
    )
    op.create_index("ix_brought_certificates_same_id", "brought_certificates", ["same", "id"])
