"""Rules of the files on persons, of volunteers and of what is measured about them."""

from __future__ import annotations


def a_closed_file_says_the_same() -> str:
    """A closed file changes by being reopened or split alone."""
    return """
        SELECT n, old ->> 'file_number' AS number FROM life_journal
        WHERE n > $1 AND relation = 'beneficiary' AND deed = 'UPDATE'
        AND old ->> 'closed_on' IS NOT NULL AND new ->> 'closed_on' = old ->> 'closed_on'
        AND (old - '{version,worker_id,merged_into_id}'::text[])
          <> (new - '{version,worker_id,merged_into_id}'::text[])"""


def nothing_is_added_to_a_closed_file() -> str:
    """Nothing is recorded about who is served no more, but for what was before."""
    return """
        SELECT j.n, j.relation, b.file_number, b.closed_on FROM life_journal j
        JOIN beneficiary b ON b.tenant_id::text = j.new ->> 'tenant_id'
          AND b.id::text = j.new ->> 'beneficiary_id'
        WHERE j.n > $1 AND j.deed = 'INSERT' AND b.closed_on IS NOT NULL
        AND j.relation IN ('case_file', 'entitlement', 'consent', 'classification', 'assessment')
        AND coalesce(j.new ->> 'opened_on', j.new ->> 'valid_from', j.new ->> 'given_on',
          j.new ->> 'classified_on', j.new ->> 'assessed_on')::date >= b.closed_on"""


def a_merged_file_is_empty() -> str:
    """Cases and needs of a file that is continued in another hang on that one."""
    return """
        SELECT 'case_file' AS relation, c.id FROM case_file c JOIN beneficiary b
        ON b.tenant_id = c.tenant_id AND b.id = c.beneficiary_id WHERE b.merged_into_id IS NOT NULL
        UNION ALL
        SELECT 'need', d.id FROM need d JOIN beneficiary b
        ON b.tenant_id = d.tenant_id AND b.id = d.beneficiary_id
        WHERE b.merged_into_id IS NOT NULL"""


def a_file_is_kept_by_its_last_term() -> str:
    """The worker of an open file is the one whose term runs."""
    return """
        SELECT b.id, b.file_number FROM beneficiary b JOIN worker_term t
        ON t.tenant_id = b.tenant_id AND t.beneficiary_id = b.id AND t.valid_until IS NULL
        WHERE b.closed_on IS NULL AND t.member_id <> b.worker_id"""


def a_file_is_of_its_last_type() -> str:
    """A file's service type is that of the judgement just made."""
    return """
        SELECT b.id, b.file_number FROM life_journal j
        JOIN beneficiary b ON b.tenant_id::text = j.new ->> 'tenant_id'
          AND b.id::text = j.new ->> 'beneficiary_id'
        WHERE j.n > $1 AND j.relation = 'classification' AND j.deed = 'INSERT'
        AND b.segment_id::text IS DISTINCT FROM j.new ->> 'segment_id'"""


def a_consent_stands_once() -> str:
    """A person agrees once to one use, until they agree no more."""
    return """
        SELECT beneficiary_id, purpose FROM consent WHERE withdrawn_on IS NULL
        GROUP BY tenant_id, beneficiary_id, purpose HAVING count(*) > 1"""


def a_day_has_twenty_four_hours() -> str:
    """All hours of a volunteer on a day fit into it."""
    return """
        SELECT volunteer_id, served_on, sum(minutes) FROM volunteer_hours
        WHERE status <> 'REFUSED' GROUP BY tenant_id, volunteer_id, served_on
        HAVING sum(minutes) > 1440"""


def hours_are_decided_once() -> str:
    """Certified or refused hours never change."""
    return """
        SELECT n, old ->> 'id' AS id FROM life_journal WHERE n > $1 AND deed = 'UPDATE'
        AND relation = 'volunteer_hours' AND old ->> 'status' <> 'RECORDED'
        AND (old - '{version,volunteer_id}'::text[]) <> (new - '{version,volunteer_id}'::text[])"""


def a_band_is_that_of_its_score() -> str:
    """An assessment is in the highest band that its score reaches."""
    return """
        SELECT a.id, a.score, a.band FROM assessment a CROSS JOIN LATERAL (
          SELECT b.band FROM instrument_band b WHERE b.instrument_id = a.instrument_id
          AND b.from_score <= a.score ORDER BY b.from_score DESC LIMIT 1) b
        WHERE a.band <> b.band"""


def a_goal_stands_where_it_was_scored() -> str:
    """A goal's score is one that was given on its newest day."""
    return """
        SELECT g.id, g.score FROM case_goal g JOIN goal_score s
        ON s.tenant_id = g.tenant_id AND s.goal_id = g.id
        GROUP BY g.tenant_id, g.id, g.score HAVING NOT g.score = ANY (
          SELECT l.score FROM goal_score l WHERE l.tenant_id = g.tenant_id AND l.goal_id = g.id
          AND l.scored_on = max(s.scored_on))"""


RULES = (
    a_closed_file_says_the_same,
    nothing_is_added_to_a_closed_file,
    a_merged_file_is_empty,
    a_file_is_kept_by_its_last_term,
    a_file_is_of_its_last_type,
    a_consent_stands_once,
    a_day_has_twenty_four_hours,
    hours_are_decided_once,
    a_band_is_that_of_its_score,
    a_goal_stands_where_it_was_scored,
)
