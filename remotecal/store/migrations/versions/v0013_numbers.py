"""Numbers are given and held once, certificates are amended, and a session tells who was asked when."""

import sqlalchemy as sa
from alembic import op

from remotecal.model.identifiers import comparable

revision = "0013"
down_revision = "0012"

COLUMNS = 'station, run, device, duty, "by", at, xml, pdf, number, token'
"""What the table of signed certificates had before."""


def upgrade() -> None:
    """Make the tables, and hold the numbers that runs and issued certificates have."""
    _make_numbers()
    _hold_numbers()
    _make_amendments()
    _make_editions()
    asked = sa.Column("asked", sa.Float, nullable=False, server_default="0", comment="when a password was")
    op.add_column("sessions", asked)
    op.create_table(
        "forms",
        sa.Column("user", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("led_to", sa.Text, comment="the page after it; none while it is being done"),
        comment="forms that made something, each once",
    )
    op.create_index("ix_forms_at", "forms", ["at"])


def _make_numbers() -> None:
    op.create_table(
        "numbers",
        sa.Column("series", sa.Text, primary_key=True, comment="the pattern, with its year"),
        sa.Column("next", sa.Integer, nullable=False),
        comment="series of numbers of orders and certificates",
    )
    op.create_table(
        "held_numbers",
        sa.Column("compared", sa.Text, primary_key=True, comment="the number as it is compared"),
        sa.Column("number", sa.Text, nullable=False, comment="as it is written"),
        sa.Column("holder", sa.Text, nullable=False, comment="the order it was given to"),
        sa.Column("at", sa.Float, nullable=False),
        comment="numbers of orders and certificates that nobody else may have",
    )
    op.create_index("ix_held_numbers_at_compared", "held_numbers", ["at", "compared"])


def _hold_numbers() -> None:
    """Hold the numbers of the certificates that are known; the first that has one keeps it."""
    connection = op.get_bind()
    known = connection.execute(
        sa.text(
            "SELECT number, run, at FROM signed_certificates WHERE number IS NOT NULL "
            "UNION ALL SELECT certificate, run, at FROM run_items WHERE certificate <> '' ORDER BY 3"
        )
    )
    held: dict[str, dict[str, object]] = {}
    for number, run, at in known:
        row = {"compared": comparable(number), "number": number, "holder": run, "at": at}
        held.setdefault(comparable(number), row)
    if held:
        connection.execute(
            sa.text("INSERT INTO held_numbers VALUES (:compared, :number, :holder, :at)"),
            list(held.values()),
        )


def _make_amendments() -> None:
    op.create_table(
        "amendments",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("edition", sa.Integer, primary_key=True, autoincrement=False, comment="from 1"),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("replaces", sa.Text, nullable=False, comment="number of the certificate before"),
        sa.Column("record", sa.Text, nullable=False, comment="what the new certificate says, JSON"),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        comment="certificates that take the place of issued ones",
    )
    op.create_index("uq_amendments_number", "amendments", ["number"], unique=True)
    op.create_index("uq_amendments_replaces", "amendments", ["replaces"], unique=True)


def _make_editions() -> None:
    """Make the table of signed certificates anew, for its key changes."""
    op.execute("CREATE TABLE signed_before AS SELECT * FROM signed_certificates")
    op.drop_table("signed_certificates")
    op.create_table(
        "signed_certificates",
        sa.Column("station", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column(
            "device", sa.Text, primary_key=True, server_default="", comment="of a run with a certificate each"
        ),
        sa.Column("duty", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("xml", sa.LargeBinary, nullable=False, comment="the certificate with this signature"),
        sa.Column("pdf", sa.LargeBinary, comment="once it is issued, as the PDF the laboratory signed"),
        sa.Column("number", sa.Text, comment="once it is issued, its number"),
        sa.Column("token", sa.Text, comment="once it is issued, by which its public page is found"),
        sa.Column(
            "edition",
            sa.Integer,
            primary_key=True,
            autoincrement=False,
            server_default="0",
            comment="how often it was amended",
        ),
        sa.UniqueConstraint("station", "run", "device", "edition", "by", name="uq_signed_certificates_by"),
    )
    op.execute(f"INSERT INTO signed_certificates ({COLUMNS}) SELECT {COLUMNS} FROM signed_before")  # noqa: S608
    op.drop_table("signed_before")
    op.create_index("ix_signed_certificates_duty_at", "signed_certificates", ["duty", "at"])
    for column in ("number", "token"):
        op.create_index(f"uq_signed_certificates_{column}", "signed_certificates", [column], unique=True)
