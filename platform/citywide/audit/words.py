"""The closed set of words of the audit trail."""

from citywide.rules.words import Words, auto


class AuditKind(Words):
    """What an entry of the audit trail is about."""

    WRITE = auto(), "Written", "写入"
    READ = auto(), "Read", "查阅"
