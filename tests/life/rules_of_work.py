"""Rules of the work with persons: services, files, cases, needs, assessments, scorecards."""

from __future__ import annotations


def a_person_is_served_only_where_enrolled() -> str:
    """Who is on a record takes part in its project on its day, and the file is open."""
    return """
        SELECT j.n, r.number, b.file_number FROM life_journal j
        JOIN service_record r ON r.tenant_id::text = j.new ->> 'tenant_id'
          AND r.id::text = j.new ->> 'service_record_id' AND r.status = 'CURRENT'
        JOIN beneficiary b ON b.tenant_id = r.tenant_id
          AND b.id::text = j.new ->> 'beneficiary_id'
        WHERE j.n > $1 AND j.relation = 'attendance' AND j.deed = 'INSERT'
        AND (r.served_on < b.opened_on OR r.served_on >= b.closed_on OR NOT EXISTS (
          SELECT 1 FROM enrolment e WHERE e.tenant_id = r.tenant_id AND e.beneficiary_id = b.id
          AND e.project_id = r.project_id AND e.valid_from <= r.served_on
          AND (e.valid_until IS NULL OR e.valid_until > r.served_on)))"""


def who_was_served_was_enrolled() -> str:
    """Nothing that follows takes away that who is on a record takes part in its project."""
    return """
        SELECT a.id, r.number, a.beneficiary_id FROM attendance a
        JOIN service_record r ON r.tenant_id = a.tenant_id AND r.id = a.service_record_id
        WHERE r.status = 'CURRENT' AND a.beneficiary_id IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM enrolment e WHERE e.tenant_id = r.tenant_id
          AND e.beneficiary_id = a.beneficiary_id AND e.project_id = r.project_id
          AND e.valid_from <= r.served_on
          AND (e.valid_until IS NULL OR e.valid_until > r.served_on))"""


def a_service_is_paid_for() -> str:
    """A record's day lies in its project and agreement, and not in the future."""
    return """
        SELECT r.id, r.number, r.served_on FROM life_journal j
        JOIN service_record r ON r.tenant_id::text = j.new ->> 'tenant_id'
          AND r.id::text = j.new ->> 'id' AND r.status = 'CURRENT'
        JOIN project p ON p.tenant_id = r.tenant_id AND p.id = r.project_id
        JOIN agreement g ON g.tenant_id = p.tenant_id AND g.id = p.agreement_id
        JOIN bureau b ON b.id = r.bureau_id
        WHERE j.n > $1 AND j.relation = 'service_record' AND (r.served_on > b.replay_date
        OR r.served_on < greatest(p.valid_from, g.valid_from)
        OR r.served_on >= least(p.valid_until, g.valid_until))"""


def a_service_has_who_served_and_who_was_served() -> str:
    """Nothing is delivered by nobody or to nobody, and nobody is on a record twice."""
    return """
        SELECT r.id, r.number FROM service_record r LEFT JOIN attendance a
        ON a.tenant_id = r.tenant_id AND a.service_record_id = r.id AND NOT a.superseded
        WHERE r.status <> 'SUPERSEDED' GROUP BY r.tenant_id, r.id, r.number
        HAVING count(a.member_id) = 0 OR count(a.beneficiary_id) = 0
        OR count(a.id) <> count(DISTINCT coalesce(a.member_id, a.beneficiary_id, a.volunteer_id))"""


def what_was_superseded_or_cancelled_says_the_same() -> str:
    """An earlier version and a cancelled record never change."""
    return """
        SELECT n, old ->> 'id' AS id FROM life_journal WHERE n > $1 AND deed = 'UPDATE'
        AND relation = 'service_record' AND old ->> 'status' <> 'CURRENT'"""


def attendance_counts_once() -> str:
    """An attendance is superseded exactly when its record is an earlier version."""
    return """
        SELECT a.id FROM attendance a JOIN service_record r
        ON r.tenant_id = a.tenant_id AND r.id = a.service_record_id
        WHERE a.superseded <> (r.status = 'SUPERSEDED')"""


def nothing_hangs_on_a_cancelled_record() -> str:
    """What is linked to a service, or counts by it, is linked to one that took place."""
    return """
        SELECT 'case_session' AS relation, s.id, r.number, r.status FROM case_session s
        JOIN service_record r ON r.tenant_id = s.tenant_id AND r.id = s.service_record_id
        WHERE r.status <> 'CURRENT'
        UNION ALL
        SELECT 'volunteer_hours', h.id, r.number, r.status FROM volunteer_hours h
        JOIN service_record r ON r.tenant_id = h.tenant_id AND r.id = h.service_record_id
        WHERE r.status <> 'CURRENT' AND h.status <> 'REFUSED'
        UNION ALL
        SELECT 'need', d.id, r.number, r.status FROM need d
        JOIN service_record r ON r.tenant_id = d.tenant_id
          AND r.id IN (d.service_record_id, d.delivery_record_id)
        WHERE r.status <> 'CURRENT'"""


def a_linked_session_is_the_cases() -> str:
    """A session of a case is a case session with its person, not before it was opened."""
    return """
        SELECT s.id, c.number, r.number AS record FROM case_session s
        JOIN case_file c ON c.tenant_id = s.tenant_id AND c.id = s.case_id
        JOIN service_record r ON r.tenant_id = s.tenant_id AND r.id = s.service_record_id
        WHERE r.kind <> 'CASE_SESSION' OR r.served_on < c.opened_on OR NOT EXISTS (
          SELECT 1 FROM attendance a WHERE a.tenant_id = r.tenant_id
          AND a.service_record_id = r.id AND a.beneficiary_id = c.beneficiary_id)"""


def hours_are_those_of_their_service() -> str:
    """Hours at a service were given on its day by a volunteer who was there."""
    return """
        SELECT h.id, r.number FROM volunteer_hours h
        JOIN service_record r ON r.tenant_id = h.tenant_id AND r.id = h.service_record_id
        WHERE r.status = 'CURRENT' AND h.status <> 'REFUSED' AND (h.served_on <> r.served_on
        OR NOT EXISTS (SELECT 1 FROM attendance a WHERE a.tenant_id = r.tenant_id
          AND a.service_record_id = r.id AND a.volunteer_id = h.volunteer_id))"""


def who_does_does_not_decide() -> str:
    """Maker is not checker: hours, assessments, library texts, plans and closures."""
    return """
        SELECT 'volunteer_hours' AS relation, id FROM volunteer_hours WHERE decided_by = recorded_by
        UNION ALL
        SELECT 'assessment', id FROM assessment WHERE decided_by_id IN (author_id, assessor_id)
        UNION ALL
        SELECT 'library_draft', id FROM library_draft WHERE reviewer_id = author_id
        UNION ALL
        SELECT 'case_step', (d.new ->> 'id')::uuid FROM life_journal d
        JOIN life_journal c ON c.n > $1 AND c.relation = 'case_file' AND c.deed = 'UPDATE'
          AND c.new ->> 'id' = d.new ->> 'case_id'
        WHERE d.n > $1 AND d.relation = 'case_step' AND d.new ->> 'kind' IN
          ('APPROVE_PLAN', 'APPROVE_CLOSURE', 'RETURN_PLAN', 'RETURN_CLOSURE')
        AND d.new ->> 'member_id' IN (c.old ->> 'author_id', c.old ->> 'worker_id')"""


def a_closed_case_says_the_same() -> str:
    """A closed case changes by being reopened alone."""
    return """
        SELECT n, old ->> 'number' AS number FROM life_journal
        WHERE n > $1 AND relation = 'case_file' AND deed = 'UPDATE'
        AND old ->> 'closed_on' IS NOT NULL AND new ->> 'closed_on' IS NOT NULL
        AND (old - '{version,beneficiary_id}'::text[])
          <> (new - '{version,beneficiary_id}'::text[])"""


def nothing_is_added_to_a_closed_case() -> str:
    """Goals, actions, sessions, conferences, pairings and risks are of open cases."""
    return """
        SELECT j.n, j.relation, c.number FROM life_journal j
        LEFT JOIN case_goal g ON g.tenant_id::text = j.new ->> 'tenant_id'
          AND g.id::text = j.new ->> 'goal_id'
        JOIN case_file c ON c.tenant_id::text = j.new ->> 'tenant_id'
          AND c.id::text = coalesce(j.new ->> 'case_id', g.case_id::text)
        WHERE j.n > $1 AND c.closed_on IS NOT NULL AND j.relation IN ('case_goal', 'case_action',
          'case_session', 'case_conference', 'case_pairing', 'case_risk', 'goal_score')"""


def a_case_is_where_its_last_step_led() -> str:
    """The stage of a case is that of the newest step, and a closed one was closed by approval."""
    return """
        SELECT j.n, j.new ->> 'number' AS number FROM life_journal j
        JOIN life_journal s ON s.n > $1 AND s.relation = 'case_step'
          AND s.new ->> 'case_id' = j.new ->> 'id'
        WHERE j.n > $1 AND j.relation = 'case_file' AND s.new ->> 'to_stage' <> j.new ->> 'stage'
        UNION ALL
        SELECT j.n, j.new ->> 'number' FROM life_journal j
        WHERE j.n > $1 AND j.relation = 'case_file' AND j.deed = 'UPDATE'
        AND j.old ->> 'stage' <> j.new ->> 'stage' AND NOT EXISTS (SELECT 1 FROM life_journal s
          WHERE s.n > $1 AND s.relation = 'case_step' AND s.new ->> 'case_id' = j.new ->> 'id')"""


def a_need_is_where_its_last_step_led() -> str:
    """Steps of a need follow one another without a gap, and the last is where it stands."""
    return """
        SELECT d.id, d.status FROM need d
        JOIN (SELECT s.*, lead(s.entered_on) OVER w AS next_on, lead(s.position) OVER w AS next
          FROM need_step s WINDOW w AS (PARTITION BY s.tenant_id, s.need_id ORDER BY s.position)) s
        ON s.tenant_id = d.tenant_id AND s.need_id = d.id
        WHERE s.next IS NULL AND (s.status <> d.status OR s.left_on IS NOT NULL
          OR s.entered_on <> d.status_since)
        OR s.next IS NOT NULL
          AND (s.next <> s.position + 1 OR s.left_on IS DISTINCT FROM s.next_on)"""


def an_ended_need_says_the_same() -> str:
    """A need that was closed or withdrawn never changes."""
    return """
        SELECT n, old ->> 'id' AS id FROM life_journal WHERE n > $1 AND relation = 'need'
        AND deed = 'UPDATE' AND old ->> 'status' IN ('CLOSED', 'WITHDRAWN')
        AND (old - '{version,beneficiary_id}'::text[])
          <> (new - '{version,beneficiary_id}'::text[])"""


def an_approved_assessment_says_the_same() -> str:
    """Neither an approved assessment nor its answers change, nor one that waits."""
    return """
        SELECT n, relation, old ->> 'id' AS id FROM life_journal WHERE n > $1
        AND relation = 'assessment' AND deed = 'UPDATE' AND old ->> 'status' = 'APPROVED'
        AND (old - '{version,beneficiary_id}'::text[])
          <> (new - '{version,beneficiary_id}'::text[])
        UNION ALL
        SELECT j.n, j.relation, j.new ->> 'id' FROM life_journal j JOIN assessment a
        ON a.tenant_id::text = j.new ->> 'tenant_id' AND a.id::text = j.new ->> 'assessment_id'
        WHERE j.n > $1 AND j.relation = 'assessment_answer'
        AND a.status IN ('SUBMITTED', 'APPROVED')"""


def a_frozen_scorecard_says_the_same() -> str:
    """Neither a frozen card, nor its lines, nor its ratings change."""
    return """
        SELECT n, relation, new ->> 'id' AS id FROM life_journal WHERE n > $1
        AND relation = 'scorecard' AND old ->> 'stage' = 'FROZEN'
        UNION ALL
        SELECT j.n, j.relation, j.new ->> 'id' FROM life_journal j JOIN scorecard c
        ON c.tenant_id::text = j.new ->> 'tenant_id' AND c.id::text = j.new ->> 'scorecard_id'
        WHERE j.n > $1 AND j.relation IN ('scorecard_figure', 'scorecard_rating')
        AND c.stage = 'FROZEN'"""


def a_grade_is_that_of_its_score() -> str:
    """Ninety of a hundred is excellent, eighty good, sixty a pass."""
    return """
        SELECT id, score_hundredths, grade FROM scorecard WHERE grade <> CASE
          WHEN score_hundredths >= 9000 THEN 'EXCELLENT' WHEN score_hundredths >= 8000 THEN 'GOOD'
          WHEN score_hundredths >= 6000 THEN 'PASS' ELSE 'FAIL' END"""


def a_group_goes_through_its_stages() -> str:
    """A series is where its newest stage is, in the order of the stages, none left out."""
    return """
        SELECT s.id, s.stage FROM group_series s
        JOIN group_stage g ON g.tenant_id = s.tenant_id AND g.series_id = s.id
        CROSS JOIN LATERAL (SELECT array_position(ARRAY['PREPARATION', 'FORMATION', 'TRANSITION',
          'MATURITY', 'CLOSING'], s.stage) AS place) p
        GROUP BY s.tenant_id, s.id, s.stage, p.place HAVING count(*) <> p.place
        OR count(DISTINCT g.stage) <> p.place OR NOT s.stage = ANY (array_agg(g.stage))"""


def a_closed_campaign_says_the_same() -> str:
    """A closed campaign and its list never change, but that a merge renames who is on it."""
    return """
        SELECT n, relation, new ->> 'id' AS id FROM life_journal WHERE n > $1
        AND relation = 'campaign' AND old ->> 'status' = 'CLOSED'
        UNION ALL
        SELECT j.n, j.relation, j.new ->> 'id' FROM life_journal j JOIN campaign c
        ON c.tenant_id::text = j.new ->> 'tenant_id' AND c.id::text = j.new ->> 'campaign_id'
        WHERE j.n > $1 AND j.relation = 'campaign_due' AND c.status = 'CLOSED'
        AND (j.old - '{version,beneficiary_id}'::text[])
          IS DISTINCT FROM (j.new - '{version,beneficiary_id}'::text[])
        AND NOT EXISTS (
          SELECT 1 FROM life_journal k WHERE k.n > $1 AND k.relation = 'campaign'
          AND k.old ->> 'status' = 'OPEN' AND k.new ->> 'id' = c.id::text)"""


def a_salon_that_is_over_says_the_same() -> str:
    """A held or cancelled salon never changes; a held one had its host and somebody else."""
    return """
        SELECT (old ->> 'id')::uuid AS id FROM life_journal WHERE n > $1 AND relation = 'salon'
        AND deed = 'UPDATE' AND old ->> 'status' <> 'PLANNED'
        UNION ALL
        SELECT s.id FROM salon s LEFT JOIN salon_attendance a
        ON a.tenant_id = s.tenant_id AND a.salon_id = s.id WHERE s.status = 'HELD'
        GROUP BY s.tenant_id, s.id, s.host_id
        HAVING count(*) < 2 OR NOT s.host_id = ANY (array_agg(a.member_id))"""


RULES = (
    a_person_is_served_only_where_enrolled,
    who_was_served_was_enrolled,
    a_service_is_paid_for,
    a_service_has_who_served_and_who_was_served,
    what_was_superseded_or_cancelled_says_the_same,
    attendance_counts_once,
    nothing_hangs_on_a_cancelled_record,
    a_linked_session_is_the_cases,
    hours_are_those_of_their_service,
    who_does_does_not_decide,
    a_closed_case_says_the_same,
    nothing_is_added_to_a_closed_case,
    a_case_is_where_its_last_step_led,
    a_need_is_where_its_last_step_led,
    an_ended_need_says_the_same,
    an_approved_assessment_says_the_same,
    a_frozen_scorecard_says_the_same,
    a_grade_is_that_of_its_score,
    a_group_goes_through_its_stages,
    a_closed_campaign_says_the_same,
    a_salon_that_is_over_says_the_same,
)
