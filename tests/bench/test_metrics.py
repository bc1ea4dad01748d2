"""The benchmark of figures: what it reports on tiny cities."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from citywide.bench.metrics import AIM_RATIO, Records, benchmark_metrics
from citywide.settings import Settings
from deployments import data_folder


def test_a_short_run_times_the_city_and_one_agency_among_few_and_many(
    server_url: str, secret: bytes, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=server_url, data=data_folder(tmp_path, secret))
    extent = Records(agencies=4, records=50, few=2)
    made = benchmark_metrics(settings, extent, 2, console=Console(quiet=True))
    report = json.loads(json.dumps(made.as_json()))
    assert report["benchmark"] == "metrics"
    assert report["aim"]["ratio"] == AIM_RATIO
    for name in ("city", "few", "many"):
        assert len(report[name]) == 2
        assert all(each > 0 for each in report[name])
