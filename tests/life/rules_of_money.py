"""Rules of the ledger and of the money chain."""

from __future__ import annotations


def transactions_sum_to_zero() -> str:
    """Debit is credit."""
    return """
        SELECT tenant_id, transaction_id, sum(amount_fen) FROM ledger_entry
        GROUP BY 1, 2 HAVING sum(amount_fen) <> 0"""


def balances_are_their_entries() -> str:
    """An account holds what was booked on it."""
    return """
        SELECT a.id, a.kind, a.balance_fen, sum(e.amount_fen) FROM ledger_account a
        LEFT JOIN ledger_entry e ON e.tenant_id = a.tenant_id AND e.account_id = a.id
        GROUP BY a.tenant_id, a.id HAVING a.balance_fen <> coalesce(sum(e.amount_fen), 0)"""


def nothing_is_overdrawn() -> str:
    """Only where money comes from goes below zero."""
    return """
        SELECT id, kind, balance_fen FROM ledger_account
        WHERE balance_fen < 0 AND kind NOT IN ('FUND', 'GRANTED', 'OVERRUN', 'BUREAU')"""


def a_line_is_where_its_money_is() -> str:
    """What an approved line may hold and what was overrun is available, committed or spent."""
    return """
        SELECT l.id, l.revised_fen, sum(a.balance_fen) FROM budget_line l
        JOIN budget b ON b.tenant_id = l.tenant_id AND b.id = l.budget_id
        JOIN ledger_account a ON a.tenant_id = l.tenant_id AND (a.owner_id = l.id OR a.owner_id IN
          (SELECT c.id FROM commitment c
           WHERE c.tenant_id = l.tenant_id AND c.budget_line_id = l.id))
        WHERE b.status = 'APPROVED'
        GROUP BY l.tenant_id, l.id, l.revised_fen HAVING l.revised_fen <> sum(a.balance_fen)"""


def a_revised_line_is_its_changes() -> str:
    """A line holds what it was given and what changes moved."""
    return """
        SELECT l.id, l.original_fen, l.revised_fen FROM budget_line l
        LEFT JOIN budget_change c ON c.tenant_id = l.tenant_id AND c.status = 'APPROVED'
          AND l.id IN (c.from_line_id, c.to_line_id)
        GROUP BY l.tenant_id, l.id, l.original_fen, l.revised_fen
        HAVING l.revised_fen <> l.original_fen + coalesce(sum(
          CASE WHEN c.to_line_id = l.id THEN c.amount_fen ELSE -c.amount_fen END), 0)"""


def an_open_commitment_is_held_or_spent() -> str:
    """Of an open commitment, what is not approved is held; a closed one holds nothing."""
    return """
        SELECT c.id, c.number, c.status, c.amount_fen, a.balance_fen FROM commitment c
        JOIN ledger_account a ON a.tenant_id = c.tenant_id AND a.owner_id = c.id
        WHERE a.balance_fen <> CASE WHEN c.status = 'OPEN' THEN c.amount_fen - (
          SELECT coalesce(sum(e.amount_fen), 0) FROM expense e WHERE e.tenant_id = c.tenant_id
          AND e.commitment_id = c.id AND e.status IN ('APPROVED', 'PAID')) ELSE 0 END"""


def vouchers_stay_within_their_commitment() -> str:
    """What is entered on a commitment is never more than it."""
    return """
        SELECT c.id, c.amount_fen, sum(e.amount_fen) FROM commitment c JOIN expense e
        ON e.tenant_id = c.tenant_id AND e.commitment_id = c.id AND e.status <> 'REVERSED'
        GROUP BY c.tenant_id, c.id, c.amount_fen HAVING sum(e.amount_fen) > c.amount_fen"""


def commitments_stay_within_their_line() -> str:
    """What is promised of a line is never more than the line and what was allowed beyond it."""
    return """
        SELECT l.id, l.revised_fen, sum(c.amount_fen - c.override_fen) FROM budget_line l
        JOIN commitment c ON c.tenant_id = l.tenant_id AND c.budget_line_id = l.id
        WHERE c.status = 'OPEN'
        GROUP BY l.tenant_id, l.id, l.revised_fen
        HAVING sum(c.amount_fen - c.override_fen) > l.revised_fen"""


def an_appropriation_is_given_once() -> str:
    """What is funded out of an appropriation is never more than it."""
    return """
        SELECT a.id, a.amount_fen, sum(f.amount_fen) FROM appropriation a JOIN funding f
        ON f.appropriation_id = a.id GROUP BY a.tenant_id, a.id, a.amount_fen
        HAVING sum(f.amount_fen) > a.amount_fen"""


def an_agreement_bounds_its_money() -> str:
    """Neither funding, nor tranches, nor budgets of an agreement come to more than it."""
    return """
        SELECT g.id, g.amount_fen FROM agreement g WHERE g.amount_fen < greatest(
          (SELECT sum(f.amount_fen) FROM funding f WHERE f.agreement_id = g.id),
          (SELECT sum(t.amount_fen) FROM tranche t WHERE t.agreement_id = g.id),
          (SELECT sum(l.revised_fen) FROM budget_line l
           JOIN budget b ON b.tenant_id = l.tenant_id AND b.id = l.budget_id
           JOIN project p ON p.tenant_id = b.tenant_id AND p.id = b.project_id
           WHERE p.agreement_id = g.id AND b.status IN ('SUBMITTED', 'APPROVED')))"""


def what_is_released_was_funded() -> str:
    """Tranches are released out of what is funded, and the agency has what was released."""
    return """
        SELECT g.id FROM agreement g WHERE
          (SELECT coalesce(sum(t.amount_fen), 0) FROM tranche t
           WHERE t.agreement_id = g.id AND t.status = 'RELEASED')
          > (SELECT coalesce(sum(f.amount_fen), 0) FROM funding f WHERE f.agreement_id = g.id)
        OR (SELECT coalesce(sum(t.amount_fen), 0) FROM tranche t
           WHERE t.agreement_id = g.id AND t.status = 'RELEASED')
          <> (SELECT coalesce(sum(a.balance_fen), 0) FROM ledger_account a
           WHERE a.owner_id = g.id AND a.tenant_id = g.tenant_id
           AND a.kind IN ('CASH', 'PAYEES'))"""


def what_is_paid_was_released() -> str:
    """Nobody is paid out of money that was not handed over."""
    return """
        SELECT g.id FROM agreement g WHERE
          (SELECT coalesce(sum(e.amount_fen), 0) FROM expense e
           JOIN budget_line l ON l.tenant_id = e.tenant_id AND l.id = e.budget_line_id
           JOIN project p ON p.tenant_id = l.tenant_id AND p.id = l.project_id
           WHERE p.agreement_id = g.id AND e.status = 'PAID')
          > (SELECT coalesce(sum(t.amount_fen), 0) FROM tranche t
           WHERE t.agreement_id = g.id AND t.status = 'RELEASED')"""


def who_enters_does_not_approve() -> str:
    """Maker is not checker, and no checker approves a version twice."""
    return """
        SELECT j.n, e.id FROM life_journal j JOIN expense e
        ON e.tenant_id::text = j.new ->> 'tenant_id' AND e.id::text = j.new ->> 'expense_id'
        WHERE j.n > $1 AND j.relation = 'expense_approval' AND (
          j.new ->> 'member_id' = e.entered_by::text
          OR 1 < (SELECT count(*) FROM expense_approval a WHERE a.tenant_id = e.tenant_id
            AND a.expense_id = e.id AND a.expense_version::text = j.new ->> 'expense_version'
            AND a.member_id::text = j.new ->> 'member_id'))"""


def days_of_money_follow_one_another() -> str:
    """Nothing is paid before it is spent, nor spent before it is promised."""
    return """
        SELECT e.id, c.committed_on, e.spent_on, e.paid_on FROM expense e JOIN commitment c
        ON c.tenant_id = e.tenant_id AND c.id = e.commitment_id
        WHERE e.spent_on < c.committed_on OR e.paid_on < e.spent_on"""


def an_approved_voucher_has_its_approvals() -> str:
    """A director approves each; the bureau countersigns what is above 3,000 yuan."""
    return """
        SELECT e.id, e.amount_fen FROM expense e WHERE e.status IN ('APPROVED', 'PAID')
        AND (NOT EXISTS (SELECT 1 FROM expense_approval a WHERE a.tenant_id = e.tenant_id
          AND a.expense_id = e.id AND a.role = 'director')
        OR e.amount_fen > 300000 AND NOT EXISTS (SELECT 1 FROM expense_approval a
          WHERE a.tenant_id = e.tenant_id AND a.expense_id = e.id AND a.role = 'budget_officer'))"""


def who_enters_does_not_reverse() -> str:
    """A voucher is reversed by somebody else than who entered it."""
    return """
        SELECT e.id FROM expense e JOIN ledger_transaction t
        ON t.tenant_id = e.tenant_id AND t.subject_id = e.id AND t.kind = 'REVERSAL'
        WHERE t.member_id = e.entered_by"""


def what_is_approved_says_the_same() -> str:
    """A voucher that was approved, paid or reversed says for ever what it said."""
    return """
        SELECT j.n, j.old ->> 'id' AS id FROM life_journal j
        WHERE j.n > $1 AND j.relation = 'expense' AND j.deed = 'UPDATE'
        AND j.old ->> 'status' IN ('APPROVED', 'PAID', 'REVERSED')
        AND (j.old - '{status,version,paid_on,note}'::text[])
          <> (j.new - '{status,version,paid_on,note}'::text[])"""


def a_locked_period_says_the_same() -> str:
    """An approved period never changes."""
    return """
        SELECT j.n, j.old ->> 'id' AS id FROM life_journal j WHERE j.n > $1
        AND j.relation = 'accounting_period' AND j.deed = 'UPDATE'
        AND j.old ->> 'status' = 'APPROVED'"""


def nothing_is_entered_in_a_locked_period() -> str:
    """On the days of an approved period no voucher or promise is entered, mended or paid."""
    return """
        SELECT j.n, j.relation, j.new ->> 'id' AS id FROM life_journal j
        JOIN budget_line l ON l.tenant_id::text = j.new ->> 'tenant_id'
          AND l.id::text = j.new ->> 'budget_line_id'
        JOIN project p ON p.tenant_id = l.tenant_id AND p.id = l.project_id
        JOIN accounting_period a ON a.tenant_id = p.tenant_id
          AND a.agreement_id = p.agreement_id AND a.status = 'APPROVED'
        CROSS JOIN LATERAL (VALUES
          (j.new ->> 'committed_on', j.old ->> 'committed_on'),
          (j.new ->> 'spent_on',
            CASE WHEN j.new -> 'amount_fen' = j.old -> 'amount_fen' THEN j.old ->> 'spent_on' END),
          (j.new ->> 'paid_on', j.old ->> 'paid_on')) AS day (now, before)
        WHERE j.n > $1 AND j.relation IN ('expense', 'commitment')
        AND day.now::date >= a.valid_from AND day.now::date < a.valid_until
        AND day.now IS DISTINCT FROM day.before"""


def nothing_is_booked_in_a_locked_period() -> str:
    """On the days of an approved period nothing of its agreement is booked."""
    return """
        SELECT j.n, j.new ->> 'kind' AS kind, j.new ->> 'subject_id' AS id FROM life_journal j
        JOIN expense e ON e.tenant_id::text = j.new ->> 'tenant_id'
          AND e.id::text = j.new ->> 'subject_id'
        JOIN budget_line l ON l.tenant_id = e.tenant_id AND l.id = e.budget_line_id
        JOIN project p ON p.tenant_id = l.tenant_id AND p.id = l.project_id
        JOIN accounting_period a ON a.tenant_id = p.tenant_id
          AND a.agreement_id = p.agreement_id AND a.status = 'APPROVED'
        WHERE j.n > $1 AND j.relation = 'ledger_transaction'
        AND (j.new ->> 'booked_on')::date >= a.valid_from
        AND (j.new ->> 'booked_on')::date < a.valid_until"""


def a_locked_period_has_no_open_voucher() -> str:
    """What is not decided yet is not locked out."""
    return """
        SELECT e.id, e.number, a.id AS period FROM expense e
        JOIN budget_line l ON l.tenant_id = e.tenant_id AND l.id = e.budget_line_id
        JOIN project p ON p.tenant_id = l.tenant_id AND p.id = l.project_id
        JOIN accounting_period a ON a.tenant_id = p.tenant_id
          AND a.agreement_id = p.agreement_id AND a.status = 'APPROVED'
        WHERE e.status IN ('SUBMITTED', 'RETURNED')
        AND e.spent_on >= a.valid_from AND e.spent_on < a.valid_until"""


def an_approved_budget_says_the_same() -> str:
    """Lines of an approved budget change by approved changes alone, and none is added."""
    return """
        SELECT j.n, j.new ->> 'id' AS id FROM life_journal j
        JOIN budget b ON b.tenant_id::text = j.new ->> 'tenant_id'
          AND b.id::text = j.new ->> 'budget_id'
        WHERE j.n > $1 AND j.relation = 'budget_line' AND b.status IN ('SUBMITTED', 'APPROVED')
        AND (j.deed = 'INSERT' OR j.old -> 'original_fen' <> j.new -> 'original_fen')
        UNION ALL
        SELECT j.n, j.new ->> 'id' FROM life_journal j WHERE j.n > $1 AND j.relation = 'budget'
        AND j.old ->> 'status' = 'APPROVED'"""


def what_is_decided_stays_decided() -> str:
    """A released tranche and a decided change never change."""
    return """
        SELECT j.n, j.relation, j.new ->> 'id' AS id FROM life_journal j
        WHERE j.n > $1 AND j.deed = 'UPDATE' AND (
          j.relation = 'tranche' AND j.old ->> 'status' = 'RELEASED'
          OR j.relation = 'budget_change' AND j.old ->> 'status' <> 'REQUESTED')"""


RULES = (
    transactions_sum_to_zero,
    balances_are_their_entries,
    nothing_is_overdrawn,
    a_line_is_where_its_money_is,
    a_revised_line_is_its_changes,
    an_open_commitment_is_held_or_spent,
    vouchers_stay_within_their_commitment,
    commitments_stay_within_their_line,
    an_appropriation_is_given_once,
    an_agreement_bounds_its_money,
    what_is_released_was_funded,
    what_is_paid_was_released,
    who_enters_does_not_approve,
    days_of_money_follow_one_another,
    an_approved_voucher_has_its_approvals,
    who_enters_does_not_reverse,
    what_is_approved_says_the_same,
    a_locked_period_says_the_same,
    nothing_is_entered_in_a_locked_period,
    nothing_is_booked_in_a_locked_period,
    a_locked_period_has_no_open_voucher,
    an_approved_budget_says_the_same,
    what_is_decided_stays_decided,
)
