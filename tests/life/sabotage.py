"""How rules are broken on purpose: one statement a rule, to see that the rule notices.

A rule that nothing can break says nothing. Each statement is run as the owner, past everything
that keeps the rule, and rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping


def _update(table: str, change: str, where: str = "TRUE") -> str:
    """Change one row of a table."""
    which = f"(SELECT ctid FROM {table} WHERE {where} LIMIT 1)"
    return f"UPDATE {table} SET {change} WHERE ctid = {which}"


# Hours of a volunteer at a service.
_HOURS = """INSERT INTO volunteer_hours (tenant_id, bureau_id, id, volunteer_id, service_record_id,
    served_on, minutes, activity, status, recorded_by, recorded_on)
  SELECT r.tenant_id, r.bureau_id, gen_random_uuid(), a.volunteer_id, r.id, r.served_on, 5, 'x',
    'RECORDED', (SELECT m.id FROM member m WHERE m.tenant_id = r.tenant_id LIMIT 1), r.served_on
  FROM attendance a JOIN service_record r ON r.id = a.service_record_id AND r.status = 'CURRENT'
  WHERE a.volunteer_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM volunteer_hours h
    WHERE h.volunteer_id = a.volunteer_id AND h.service_record_id = r.id) LIMIT 1"""

BREAKING: Mapping[str, str] = {
    "a_closed_file_says_the_same": """
        UPDATE beneficiary SET closed_on = opened_on + 9000, version = version + 1;
        UPDATE beneficiary SET name = '别人', version = version + 1""",
    "a_consent_stands_once": """
        INSERT INTO consent (tenant_id, bureau_id, id, beneficiary_id, purpose, given_on)
        SELECT b.tenant_id, b.bureau_id, gen_random_uuid(), b.id, 'SHARING',
          DATE '2014-01-01' + n FROM beneficiary b, generate_series(1, 2) n""",
    "a_day_has_twenty_four_hours": """
        INSERT INTO volunteer_hours (tenant_id, bureau_id, id, volunteer_id, served_on, minutes,
          activity, status, recorded_by, recorded_on)
        SELECT v.tenant_id, v.bureau_id, gen_random_uuid(), v.id, DATE '2015-05-05', 800, 'x',
          'RECORDED', m.id, DATE '2015-05-05' FROM volunteer v
        JOIN member m ON m.tenant_id = v.tenant_id, generate_series(1, 2)""",
    "a_file_is_kept_by_its_last_term": """
        UPDATE beneficiary b SET worker_id = (SELECT m.id FROM member m
          WHERE m.tenant_id = b.tenant_id AND m.id <> b.worker_id LIMIT 1),
          version = version + 1""",
    "a_frozen_scorecard_says_the_same": _update(
        "scorecard", "consequence_reason = 'x', version = version + 1", "stage = 'FROZEN'"
    ),
    "a_grade_is_that_of_its_score": _update(
        "scorecard",
        "grade = CASE grade WHEN 'FAIL' THEN 'PASS' ELSE 'FAIL' END, version = version + 1",
        "grade IS NOT NULL",
    ),
    "a_line_is_where_its_money_is": _update(
        "ledger_account", "balance_fen = balance_fen + 1", "kind = 'AVAILABLE'"
    ),
    "a_locked_period_has_no_open_voucher": """
        INSERT INTO accounting_period (tenant_id, bureau_id, id, agreement_id, valid_from,
          valid_until, status) SELECT tenant_id, bureau_id, gen_random_uuid(), id,
          DATE '2013-01-01', DATE '2014-02-01', 'APPROVED' FROM agreement;
        UPDATE expense SET status = 'SUBMITTED', spent_on = DATE '2014-01-01',
          version = version + 1""",
    "a_locked_period_says_the_same": """
        UPDATE accounting_period SET status = 'APPROVED', version = version + 1;
        UPDATE accounting_period SET note = 'x', version = version + 1""",
    "a_need_is_where_its_last_step_led": """
        UPDATE need_step SET status = 'RATED'""",
    "a_person_is_served_only_where_enrolled": """
        DELETE FROM enrolment;
        INSERT INTO attendance (tenant_id, bureau_id, id, service_record_id, role, beneficiary_id,
          superseded) SELECT r.tenant_id, r.bureau_id, gen_random_uuid(), r.id, 'BENEFICIARY',
          (SELECT b.id FROM beneficiary b WHERE b.tenant_id = r.tenant_id AND NOT EXISTS (
            SELECT 1 FROM attendance a WHERE a.service_record_id = r.id
            AND a.beneficiary_id = b.id) LIMIT 1), FALSE
        FROM service_record r WHERE r.status = 'CURRENT' LIMIT 5""",
    "a_revised_line_is_its_changes": _update(
        "budget_line", "revised_fen = revised_fen + 1, version = version + 1"
    ),
    "a_service_has_who_served_and_who_was_served": "UPDATE attendance SET superseded = TRUE",
    "a_service_is_paid_for": """
        UPDATE service_record SET served_on = DATE '2031-01-01', version = version + 1
        WHERE status = 'CURRENT'""",
    "a_version_counts_each_change": _update("budget_line", "revised_fen = revised_fen + 1"),
    "an_agreement_bounds_its_money": "UPDATE agreement SET amount_fen = 1",
    "an_approved_assessment_says_the_same": """
        UPDATE assessment SET summary = 'x', version = version + 1""",
    "an_approved_budget_says_the_same": """
        UPDATE budget SET note = 'x', version = version + 1""",
    "an_appropriation_is_given_once": "UPDATE appropriation SET amount_fen = 1",
    "an_approved_voucher_has_its_approvals": "DELETE FROM expense_approval",
    "an_ended_need_says_the_same": """
        UPDATE need SET status = 'WITHDRAWN', version = version + 1;
        UPDATE need SET question = 'x', version = version + 1""",
    "an_open_commitment_is_held_or_spent": """
        UPDATE ledger_account SET balance_fen = balance_fen + 1 WHERE kind = 'COMMITTED'""",
    "attendance_counts_once": "UPDATE attendance SET superseded = TRUE",
    "balances_are_their_entries": _update("ledger_account", "balance_fen = balance_fen + 1"),
    "commitments_stay_within_their_line": "UPDATE commitment SET amount_fen = 10000000000",
    "days_of_money_follow_one_another": "UPDATE expense SET spent_on = DATE '2000-01-01'",
    "every_act_has_one_key": "DELETE FROM life_journal WHERE relation = 'idempotency_key'",
    "hours_are_those_of_their_service": f"""
        {_HOURS};
        UPDATE volunteer_hours SET served_on = served_on - 1000, version = version + 1""",
    "nothing_hangs_on_a_cancelled_record": f"""
        {_HOURS};
        UPDATE service_record SET status = 'CANCELLED', ended_at = now(), end_reason = 'x',
          ended_by_id = (SELECT id FROM member m WHERE m.tenant_id = service_record.tenant_id
            LIMIT 1), version = version + 1 WHERE status = 'CURRENT'""",
    "nothing_is_deleted": "DELETE FROM expense_approval",
    "nothing_is_entered_in_a_locked_period": """
        INSERT INTO accounting_period (tenant_id, bureau_id, id, agreement_id, valid_from,
          valid_until, status) SELECT tenant_id, bureau_id, gen_random_uuid(), id,
          DATE '2013-01-01', DATE '2014-02-01', 'APPROVED' FROM agreement;
        UPDATE expense SET spent_on = DATE '2014-01-01', version = version + 1""",
    "periods_of_one_thing_do_not_overlap": """
        INSERT INTO enrolment (tenant_id, bureau_id, id, project_id, beneficiary_id, valid_from)
        SELECT tenant_id, bureau_id, gen_random_uuid(), project_id, beneficiary_id,
          valid_from + 1 FROM enrolment""",
    "transactions_sum_to_zero": _update("ledger_entry", "amount_fen = amount_fen + 1"),
    "vouchers_stay_within_their_commitment": "UPDATE expense SET amount_fen = 10000000000",
    "what_is_appended_stays": _update("ledger_entry", "amount_fen = amount_fen + 1"),
    "what_is_approved_says_the_same": "UPDATE expense SET payee = 'x', version = version + 1",
    "what_is_decided_stays_decided": """
        UPDATE tranche SET condition = 'x', version = version + 1""",
    "what_is_paid_was_released": "UPDATE tranche SET status = 'PLANNED', released_on = NULL",
    "what_is_released_was_funded": "DELETE FROM funding",
    "what_was_superseded_or_cancelled_says_the_same": """
        UPDATE service_record SET title = 'x', version = version + 1""",
    "who_enters_does_not_approve": """
        INSERT INTO expense_approval (tenant_id, bureau_id, id, expense_id, role,
          member_tenant_id, member_id, approved_on, expense_version, available_fen)
        SELECT e.tenant_id, e.bureau_id, gen_random_uuid(), e.id, 'director', e.tenant_id,
          e.entered_by, e.spent_on, e.version + 7, 0 FROM expense e LIMIT 1""",
    "who_enters_does_not_reverse": """
        UPDATE ledger_transaction t SET kind = 'REVERSAL', member_id = e.entered_by
        FROM expense e WHERE e.tenant_id = t.tenant_id AND e.id = t.subject_id""",
    "who_was_served_was_enrolled": "DELETE FROM enrolment",
}
