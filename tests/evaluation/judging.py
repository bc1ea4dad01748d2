"""What tests of scorecards begin with: indicators, a card of the pilot's year, and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from walls.house import House

EVALUATOR, DIRECTOR = "bureau.evaluator", "yixin.director"
CARD = "scorecard { id version stage scoreHundredths grade consequence }"
PERIOD = {"validFrom": "2014-12-01", "validUntil": "2015-11-01"}
READ = """query ($slug: String!) { agencies(where: { slug: { eq: $slug } }) { nodes {
  agreements { nodes { id sites { area { id } } } } projects { nodes { id } } } } }"""
LINES = """{ scorecards { nodes { id version stage scoreHundredths grade consequence rectifyBy
  figures { id name measure numerator denominator frozen current difference pointsHundredths
  spread deviationHundredths operation variables ratings { raterKind points weight } } } } }"""
SCALE = [
    {"points": 0, "meaning": "没有计划"},
    {"points": 60, "meaning": "有计划，部分落实"},
    {"points": 100, "meaning": "有计划，全部落实"},
]
COUNTED = {
    "direction": "HIGHER_IS_BETTER",
    "baselineThousandths": 0,
}


@dataclass(frozen=True)
class Judging:
    """One agreement of the pilot, and who judges it."""

    house: House
    agreement_id: str
    project_id: str
    area_id: str

    @classmethod
    async def of(cls, house: House, slug: str = "yixin") -> Judging:
        [agency] = (await house.data(EVALUATOR, READ, slug=slug))["agencies"]["nodes"]
        [agreement] = agency["agreements"]["nodes"]
        project_id = agency["projects"]["nodes"][0]["id"]
        return cls(house, agreement["id"], project_id, agreement["sites"][0]["area"]["id"])

    async def define(self, name: str, **given: Any) -> Any:
        return await self.house.act(
            EVALUATOR,
            "defineIndicator",
            "indicator { id version }",
            **{"agreementId": self.agreement_id, "name": name, "weight": 10, **given},
        )

    async def define_all(self) -> None:
        """Two that are counted, one of a ratio, one that is rated."""
        counted = {**COUNTED, "aspect": "OUTPUTS"}
        for name, measure, target in (("上门", "HOME_HELP", 50_000), ("走访", "SERVICES", 208_000)):
            given = {**counted, "measure": measure, "targetThousandths": target}
            assert "indicator" in await self.define(name, **given)
        change = {
            "aspect": "EFFECTS",
            "measure": "SCORE_CHANGE",
            "direction": "LOWER_IS_BETTER",
            "baselineThousandths": 0,
            "targetThousandths": -20_000,
            "areaId": self.area_id,
        }
        assert "indicator" in await self.define("需求下降", **change)
        assert "indicator" in await self.define("计划", aspect="EXECUTION", anchors=SCALE)

    async def open(self, **given: Any) -> Any:
        return await self.house.act(
            EVALUATOR,
            "openScorecard",
            CARD,
            **{"agreementId": self.agreement_id, **PERIOD, **given},
        )

    async def card(self, user: str = EVALUATOR) -> Any:
        [card] = (await self.house.data(user, LINES))["scorecards"]["nodes"]
        return card

    async def cards(self) -> Any:
        return (await self.house.data(EVALUATOR, LINES))["scorecards"]["nodes"]

    async def say(self, card: Any, user: str = DIRECTOR) -> Any:
        return await self.house.act(
            user,
            "selfEvaluateScorecard",
            CARD,
            scorecardId=card["id"],
            version=card["version"],
            text="按计划完成。",
            evidence="服务记录、签到表。",
        )

    async def rate(self, figure_id: str, kind: str, points: int, rater: str = "示例机构") -> Any:
        return await self.house.act(
            EVALUATOR,
            "rateScorecard",
            "scorecardRating { id points weight }",
            figureId=figure_id,
            raterKind=kind,
            rater=rater,
            points=points,
            reason="看了档案，听了介绍。",
        )

    async def step(self, mutation: str, card: Any, **given: Any) -> Any:
        same = {"scorecardId": card["id"], "version": card["version"]}
        return await self.house.act(EVALUATOR, mutation, CARD, **same, **given)
