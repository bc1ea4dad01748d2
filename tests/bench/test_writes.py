"""The benchmark of writes: what it reports on a tiny city, and that every record is on file."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from citywide.bench.city import Extent
from citywide.bench.reads import Effort
from citywide.bench.report import COMPILED, FLOOR
from citywide.bench.writes import AIM_RATIO, OPERATION, benchmark_writes
from citywide.settings import Settings
from deployments import data_folder

TINY = Extent(agencies=2, beneficiaries=12, records=2)


def test_a_short_run_reports_both_ways_and_its_records_are_on_file(
    server_url: str, secret: bytes, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=server_url, data=data_folder(tmp_path, secret))
    effort = Effort(rounds=1, seconds=0.2)
    # It raises when a record that was answered is not on file.
    made = benchmark_writes(settings, TINY, effort, console=Console(quiet=True))
    report = json.loads(json.dumps(made.as_json()))
    assert report["benchmark"] == "writes"
    assert report["aim"]["ratio"] == AIM_RATIO
    contenders = report["operations"][OPERATION]["contenders"]
    assert set(contenders) == {COMPILED, FLOOR}
    for contender in contenders.values():
        assert contender["rounds"][0]["requests"] >= 5
