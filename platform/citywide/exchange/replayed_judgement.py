"""What a row of an agency's indicators, scorecards and ratings comes to."""

from __future__ import annotations

from collections.abc import Iterator

from citywide.db.session import Database
from citywide.evaluation.indicators import Anchor, IndicatorDraft, define_indicator
from citywide.evaluation.models import SCORECARD_FIGURE
from citywide.evaluation.scorecards import (
    CardStep,
    Conclusion,
    Rating,
    ScorecardDraft,
    SelfEvaluation,
    freeze_scorecard,
    grade_scorecard,
    open_scorecard,
    rate_scorecard,
    self_evaluate_scorecard,
)
from citywide.evaluation.words import (
    Aspect,
    Consequence,
    IndicatorDirection,
    Measure,
    RaterKind,
)
from citywide.exchange.account_tables import AccountRow, node, row_made_by
from citywide.exchange.records import Cells
from citywide.exchange.replay import Known, ReplayedAct
from citywide.graph.declare import CATALOGUE
from citywide.ids import NodeId


def indicator(row: AccountRow) -> Iterator[ReplayedAct]:
    """A row of indicators.csv, with those of anchors.csv that are its scale."""
    cells, agency = row.cells, row.accounts.slug
    agreement, called = cells.text("agreement"), cells.text("name")
    aspect, weight = cells.word("aspect", Aspect), cells.number("weight")
    measure, project = cells.optional_word("measure", Measure), cells.optional("project")
    direction = cells.optional_word("direction", IndicatorDirection)
    baseline, target = cells.optional_thousandths("baseline"), cells.optional_thousandths("target")
    scale = [
        Cells(each)
        for each in row.accounts.tables["anchors"]
        if (each.cells["agreement"], each.cells["indicator"]) == (agreement, called)
    ]
    anchors = tuple(
        Anchor(points=each.number("points"), meaning=each.text("meaning")) for each in scale
    )

    def define(known: Known) -> IndicatorDraft:
        only = None if project is None else node(known, "Project", agency, "project", project)
        return IndicatorDraft(
            agreement_id=node(known, "Agreement", agency, "agreement", agreement),
            name=called,
            aspect=aspect,
            weight=weight,
            measure=measure,
            project_id=only,
            direction=direction,
            baseline_thousandths=baseline,
            target_thousandths=target,
            anchors=anchors,
        )

    name, day = f"indicator {agreement} {called}", cells.day("defined_on")
    yield row.act(define_indicator, name, day, "by", define)


def scorecard(row: AccountRow) -> Iterator[ReplayedAct]:
    """A row of scorecards.csv: opened, evaluated by the agency itself, graded, frozen."""
    cells, agency, agreement = row.cells, row.accounts.slug, row.cells.text("agreement")
    first, end = cells.day("valid_from"), cells.day("valid_until")
    kept = ("scorecard", agreement, str(first))
    name = " ".join(kept)

    def draft(known: Known) -> ScorecardDraft:
        agreement_id = node(known, "Agreement", agency, "agreement", agreement)
        return ScorecardDraft(agreement_id=agreement_id, valid_from=first, valid_until=end)

    yield row.act(open_scorecard, name, cells.day("opened_on"), "by", draft, kept=kept)
    evaluated_on, graded_on = (
        cells.optional_day("self_evaluated_on"),
        cells.optional_day("graded_on"),
    )
    if evaluated_on is not None:
        said, evidence = cells.text("self_evaluation"), cells.text("evidence")

        def evaluate(known: Known) -> SelfEvaluation:
            card_id = known.id(agency, *kept)
            return SelfEvaluation(scorecard_id=card_id, version=1, text=said, evidence=evidence)

        by = "self_evaluated_by"
        yield row.act(self_evaluate_scorecard, f"{name} self", evaluated_on, by, evaluate)
    if graded_on is not None:

        def grade(known: Known) -> CardStep:
            return CardStep(scorecard_id=node(known, "Scorecard", agency, *kept), version=2)

        yield row.act(grade_scorecard, f"{name} grade", graded_on, "by", grade)
    frozen_on = cells.optional_day("frozen_on")
    if frozen_on is not None:
        consequence = cells.word("consequence", Consequence)
        reason = cells.text("consequence_reason")
        rectify_by = cells.optional_day("rectify_by")

        def freeze(known: Known) -> Conclusion:
            return Conclusion(
                scorecard_id=node(known, "Scorecard", agency, *kept),
                version=3,
                consequence=consequence,
                reason=reason,
                rectify_by=rectify_by,
            )

        yield row.act(freeze_scorecard, f"{name} freeze", frozen_on, "by", freeze)


def rating(row: AccountRow, database: Database) -> Iterator[ReplayedAct]:
    """A row of ratings.csv: what one rater gave a line of the card that begins on `scorecard`."""
    cells, agency, agreement = row.cells, row.accounts.slug, row.cells.text("agreement")
    first, called = cells.day("scorecard"), cells.text("indicator")
    kind, rater = cells.word("rater_kind", RaterKind), cells.text("rater")
    points, reason = cells.number("points"), cells.text("reason")

    async def rate(known: Known) -> Rating:
        # Lines are made with their card, which is what they are known by.
        card = known.row(agency, "scorecard", agreement, str(first))
        line_id = await row_made_by(
            database, card, SCORECARD_FIGURE, scorecard_id=card.row_id, name=called
        )
        tag = CATALOGUE.entities["ScorecardFigure"].tag
        return Rating(
            figure_id=NodeId(tag, card.tenant_id, line_id),
            rater_kind=kind,
            rater=rater,
            points=points,
            reason=reason,
        )

    name = f"rating {agreement} {first} {called} {kind} {rater}"
    yield row.act(rate_scorecard, name, cells.day("rated_on"), "by", rate)
