"""Seal for one place, and key what recognises a repeated request.

From here on nothing unbound and nothing plain can be written. What is there already is made anew
after this revision, in batches, and only then are the two constraints valid: see `db/resealing.py`.
"""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("""ALTER TABLE beneficiary ADD CONSTRAINT beneficiary_id_number_sealed_check
        CHECK (get_byte(id_number_sealed, 0) = 2) NOT VALID""")
    op.execute("""ALTER TABLE idempotency_key ADD CONSTRAINT idempotency_key_digest_check
        CHECK (octet_length(digest) = 33) NOT VALID""")
