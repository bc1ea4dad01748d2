"""Use cases of scorecards: opened, evaluated by the agency itself, rated, graded and frozen."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.errors import Fault, refuse
from citywide.evaluation.courses import ScorecardCourse
from citywide.evaluation.grading import POSSIBLE, RATER_WEIGHTS, grade_of, score
from citywide.evaluation.lines import fill, line_of
from citywide.evaluation.models import (
    INDICATOR,
    INDICATOR_ANCHOR,
    SCORECARD,
    SCORECARD_FIGURE,
    SCORECARD_RATING,
)
from citywide.evaluation.words import Consequence, RaterKind, ScorecardStage
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.rules.fields import day, draft, id_of, line, list_of, paragraph, version, whole, word
from citywide.rules.periods import Span, period_faults
from citywide.rules.texts import NAME_LENGTH
from citywide.tenancy.models import AGREEMENT

# An institute, or an office and its town: two names.
RATER_LENGTH = 2 * NAME_LENGTH
MOST_POINTS = 100


@draft
class ScorecardDraft:
    """A stretch of an agreement that is judged."""

    agreement_id: NodeId = id_of("Agreement", "The agreement.")
    valid_from: date = day("First day that counts.")
    valid_until: date = day("First day that does not.")


@mutation(gives="Scorecard")
async def open_scorecard(act: Act, draft: ScorecardDraft) -> UUID:
    """Open the scorecard of a period, with the agreement's indicators as they are now."""
    agreement = await act.find(AGREEMENT, draft.agreement_id, "agreement_id")
    await act.serialise(agreement["id"])
    indicators = await act.rows(INDICATOR, agreement_id=agreement["id"])
    cards = await act.rows(SCORECARD, agreement_id=agreement["id"])
    faults = [*period_faults((), draft.valid_from, draft.valid_until)]
    is_within = Span.of(agreement).covers(draft.valid_from)
    if not is_within or draft.valid_until > agreement["valid_until"]:
        faults.append(Fault(("valid_from",), "The period lies outside of the agreement."))
    if not indicators:
        faults.append(Fault(("agreement_id",), "Define what the agreement is judged by first."))
    if any(Span.of(draft).overlaps(Span.of(card)) for card in cards):
        message = "Another scorecard shares days with this one."
        faults.append(Fault(("valid_from",), message, "OVERLAP"))
    refuse(faults)
    card_id = await act.insert(
        SCORECARD,
        draft,
        agreement_id=agreement["id"],
        stage=ScorecardStage.OPEN,
        opened_on=act.today,
    )
    lines = [line_of(indicator, Span.of(draft)) for indicator in indicators]
    await act.insert_all(SCORECARD_FIGURE, [{**each, "scorecard_id": card_id} for each in lines])
    await fill(act, card_id)
    return card_id


@draft
class SelfEvaluation:
    """What the agency says of its own work."""

    scorecard_id: UUID = id_of("Scorecard", "The scorecard.")
    version: int = version()
    text: str = paragraph("What was done, what was not, and why; names nobody who is served.")
    evidence: str = paragraph("What shows it, and where that is kept; names nobody either.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Scorecard", problems=[RevealingProblem])
async def self_evaluate_scorecard(act: Act, draft: SelfEvaluation) -> UUID:
    """Say as the agency how the work went; until it is graded it may be said anew."""
    card = await act.find(SCORECARD, draft.scorecard_id, "scorecard_id")
    act.check(ScorecardCourse.evaluate_yourself, card, "scorecard_id")
    texts = {"text": draft.text, "evidence": draft.evidence}
    await check_deidentified(act, draft, texts)
    await act.take(
        ScorecardCourse.evaluate_yourself,
        card,
        draft,
        "scorecard_id",
        self_evaluation=draft.text,
        self_evidence=draft.evidence,
    )
    return card["id"]


@draft
class Rating:
    """One rater's points for one rated indicator."""

    figure_id: NodeId = id_of("ScorecardFigure", "The card's line.")
    rater_kind: RaterKind = word("As what they rate.")
    rater: str = line("Who rates: an institute, an office, a committee.", RATER_LENGTH)
    points: int = whole("The points of one of the scale's anchors.", most=MOST_POINTS)
    reason: str = paragraph("What they found.")


@mutation(gives="ScorecardRating")
async def rate_scorecard(act: Act, draft: Rating) -> UUID:
    """Record what a rater gave; raters are no members, so they are named."""
    figure = await act.find(SCORECARD_FIGURE, draft.figure_id, "figure_id")
    card = await act.find(SCORECARD, figure["scorecard_id"], "figure_id", lock=True)
    act.check(ScorecardCourse.rate, card, "figure_id")
    anchors = await act.rows(INDICATOR_ANCHOR, indicator_id=figure["indicator_id"])
    points = sorted(anchor["points"] for anchor in anchors)
    faults = []
    if not anchors:
        faults.append(Fault(("figure_id",), "This indicator is counted, not rated."))
    elif draft.points not in points:
        scale = ", ".join(map(str, points))
        faults.append(Fault(("points",), f"The scale has anchors at {scale}."))
    same = {"figure_id": figure["id"], "rater_kind": draft.rater_kind, "rater": draft.rater}
    if await act.row(SCORECARD_RATING, **same):
        faults.append(Fault(("rater",), "This rater has rated this already.", "TAKEN"))
    refuse(faults)
    return await act.insert(
        SCORECARD_RATING,
        draft,
        scorecard_id=card["id"],
        figure_id=figure["id"],
        weight=RATER_WEIGHTS[draft.rater_kind],
        rated_on=act.today,
    )


@draft
class CardStep:
    """A step of a scorecard."""

    scorecard_id: NodeId = id_of("Scorecard", "The scorecard.")
    version: int = version()


@mutation(gives="Scorecard")
async def grade_scorecard(act: Act, draft: CardStep) -> UUID:
    """Compute figures, points, score and grade; until it is frozen it may be graded anew."""
    card = await act.find(SCORECARD, draft.scorecard_id, "scorecard_id", lock=True)
    act.check(ScorecardCourse.grade, card, "scorecard_id")
    act.check_version(card, draft)
    if card["valid_until"] > act.today:
        raise wrong_state(f"The period runs until {card['valid_until']}.", "scorecard_id")
    total = score(await fill(act, card["id"]))
    if total is None:
        raise wrong_state("Nothing was counted or rated yet: there is no score.", "scorecard_id")
    await act.take(
        ScorecardCourse.grade,
        card,
        draft,
        "scorecard_id",
        score_hundredths=total,
        grade=grade_of(total),
        graded_on=act.today,
    )
    return card["id"]


@draft
class Conclusion(CardStep):
    """What follows from a grade."""

    consequence: Consequence = word("What follows.")
    reason: str = paragraph("Why.")
    rectify_by: date | None = day("By when it must be put right.", default=None)


@mutation(gives="Scorecard")
async def freeze_scorecard(act: Act, draft: Conclusion) -> UUID:
    """Decide what follows from the grade, and freeze the card with its figures."""
    card = await act.find(SCORECARD, draft.scorecard_id, "scorecard_id")
    act.check(ScorecardCourse.freeze, card, "scorecard_id")
    faults = []
    grade = card["grade"]
    assert grade is not None
    if draft.consequence not in POSSIBLE[grade]:
        names = ", ".join(sorted(POSSIBLE[grade]))
        faults.append(Fault(("consequence",), f"On {grade} may follow {names}."))
    if (draft.consequence is Consequence.RECTIFY) != (draft.rectify_by is not None):
        faults.append(Fault(("rectify_by",), "RECTIFY needs a day, and nothing else has one."))
    elif draft.rectify_by is not None and draft.rectify_by <= act.today:
        faults.append(Fault(("rectify_by",), "The day must be still to come."))
    refuse(faults)
    await act.take(
        ScorecardCourse.freeze,
        card,
        draft,
        "scorecard_id",
        consequence_reason=draft.reason,
        frozen_on=act.today,
    )
    return card["id"]
