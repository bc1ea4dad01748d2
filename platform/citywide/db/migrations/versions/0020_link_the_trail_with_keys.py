"""Link the trail with keys.

Nothing of the schema changes: code of before, which would link entries without the key, refuses a
database of this revision. The chains themselves are linked anew after it (`audit/keying.py`).
"""

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    pass
