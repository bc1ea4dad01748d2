"""The benchmark of fairness: what it reports of a short run."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from citywide.bench.city import Extent
from citywide.bench.fairness import AIM_RATIO, benchmark_fairness
from citywide.bench.reads import Effort
from citywide.settings import Settings
from deployments import data_folder

TINY = Extent(agencies=2, beneficiaries=12, records=2)
# What the server answers with success, so that it costs what it is meant to cost.
SERVED = {"wide", "introspection", "figures", "records", "ten records"}
REFUSED = {"refused", "lists", "unreadable", "bad tokens", "no JSON"}


def test_a_short_run_reports_the_quiet_agency_beside_every_flood(
    server_url: str, secret: bytes, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=server_url, data=data_folder(tmp_path, secret))
    effort = Effort(rounds=1, seconds=0.1)
    # It raises when a request of the quiet agency is refused.
    made = benchmark_fairness(settings, TINY, effort, 1, console=Console(quiet=True))
    report = json.loads(json.dumps(made.as_json()))
    assert report["benchmark"] == "fairness"
    assert report["aim"]["ratio"] == AIM_RATIO
    assert set(report["floods"]) == SERVED | REFUSED
    for name, flood in report["floods"].items():
        assert flood["refused_share"] == (1 if name in REFUSED else 0), name
        assert flood["ratio"]["p50_ms"] > 0
        assert flood["alone"][0]["requests"] >= 5
        assert flood["beside"][0]["requests"] >= 5
        assert flood["worker_bytes"] > 0
    assert report["aim"]["reached"] is (made.worst <= AIM_RATIO)
