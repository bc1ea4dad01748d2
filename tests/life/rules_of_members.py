"""Rules of who acts: where, as whom, and who gives roles."""

from __future__ import annotations


def an_agency_writes_its_own_rows() -> str:
    """What a member of an agency writes is that agency's; nobody writes another city's."""
    return """
        SELECT j.n, j.relation, t.slug FROM life_journal j
        JOIN life_journal k ON k.n > $1 AND k.relation = 'idempotency_key'
        JOIN tenant t ON t.id::text = k.new ->> 'tenant_id'
        WHERE j.n > $1 AND (
          t.kind = 'AGENCY' AND j.new ->> 'tenant_id' <> t.id::text
          OR j.new ->> 'bureau_id' <> t.bureau_id::text)"""


def who_acts_is_there() -> str:
    """Nobody acts who is suspended, but by this very act, or holds no role today."""
    return """
        SELECT k.n, m.subject, m.status FROM life_journal k
        JOIN member m ON m.tenant_id::text = k.new ->> 'tenant_id'
          AND m.id::text = k.new ->> 'member_id'
        JOIN bureau b ON b.id = m.bureau_id
        WHERE k.n > $1 AND k.relation = 'idempotency_key' AND (
          m.status = 'SUSPENDED' AND NOT EXISTS (SELECT 1 FROM life_journal j
            WHERE j.n > $1 AND j.relation = 'member' AND j.new ->> 'id' = m.id::text)
          OR NOT EXISTS (SELECT 1 FROM member_role r
          WHERE r.tenant_id = m.tenant_id AND r.member_id = m.id
          AND r.valid_from <= b.replay_date
          AND (r.valid_until IS NULL OR r.valid_until > b.replay_date
            OR r.revoked_on = b.replay_date)))"""


def an_agency_acts_within_its_agreement() -> str:
    """On a day without an agreement nobody of an agency acts."""
    return """
        SELECT k.n, t.slug, b.replay_date FROM life_journal k
        JOIN tenant t ON t.id::text = k.new ->> 'tenant_id' AND t.kind = 'AGENCY'
        JOIN bureau b ON b.id = t.bureau_id
        WHERE k.n > $1 AND k.relation = 'idempotency_key' AND NOT EXISTS (
          SELECT 1 FROM agreement g WHERE g.tenant_id = t.id
          AND g.valid_from <= b.replay_date AND g.valid_until > b.replay_date)"""


def nobody_gives_themselves_a_role() -> str:
    """A role is given by somebody else."""
    return """
        SELECT j.n, j.new ->> 'role' AS role FROM life_journal j
        JOIN life_journal k ON k.n > $1 AND k.relation = 'idempotency_key'
          AND k.new ->> 'member_id' = j.new ->> 'member_id'
        WHERE j.n > $1 AND j.relation = 'member_role' AND j.deed = 'INSERT'"""


def an_agency_stays_directed() -> str:
    """No act leaves an agency without a director who may sign in."""
    return """
        SELECT t.slug FROM life_journal j
        JOIN tenant t ON t.id::text = j.new ->> 'tenant_id' AND t.kind = 'AGENCY'
        JOIN bureau b ON b.id = t.bureau_id
        WHERE j.n > $1 AND j.relation IN ('member', 'member_role') AND j.deed = 'UPDATE'
        AND NOT EXISTS (SELECT 1 FROM member m JOIN member_role r
          ON r.tenant_id = m.tenant_id AND r.member_id = m.id AND r.role = 'director'
          WHERE m.tenant_id = t.id AND m.status = 'ACTIVE' AND r.valid_from <= b.replay_date
          AND (r.valid_until IS NULL OR r.valid_until > b.replay_date))"""


def a_supervisor_is_assigned() -> str:
    """Who supervises an agency is assigned to it on the day."""
    return """
        SELECT j.n, j.new ->> 'supervisor_name' AS name FROM life_journal j
        JOIN bureau b ON b.id::text = j.new ->> 'bureau_id'
        WHERE j.n > $1 AND j.relation = 'supervision' AND NOT EXISTS (
          SELECT 1 FROM assignment a WHERE a.member_id::text = j.new ->> 'supervisor_id'
          AND a.agency_id::text = j.new ->> 'tenant_id' AND a.valid_from <= b.replay_date
          AND (a.valid_until IS NULL OR a.valid_until > b.replay_date))"""


def a_shelf_holds_what_was_reviewed() -> str:
    """Copies of a published library entry say what their origin says."""
    return """
        SELECT c.id FROM library_entry c JOIN library_entry o
        ON o.bureau_id = c.bureau_id AND o.draft_id = c.draft_id AND o.is_origin
        WHERE (c.title, c.topic, c.text) <> (o.title, o.topic, o.text)
        OR o.published_on IS NOT NULL AND (c.withdrawn_on IS NULL) <> (o.withdrawn_on IS NULL)"""


RULES = (
    an_agency_writes_its_own_rows,
    who_acts_is_there,
    an_agency_acts_within_its_agreement,
    nobody_gives_themselves_a_role,
    an_agency_stays_directed,
    a_supervisor_is_assigned,
    a_shelf_holds_what_was_reviewed,
)
