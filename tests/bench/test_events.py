"""The benchmark of events: what it reports of a few subscribers, all of whom were told."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from bench.test_writes import TINY
from citywide.bench.events import Crowd, benchmark_events
from citywide.settings import Settings
from deployments import data_folder


def test_a_short_run_reports_when_each_of_its_subscribers_was_told(
    server_url: str, secret: bytes, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=server_url, data=data_folder(tmp_path, secret))
    # It raises when somebody is not told, or disconnected.
    made = benchmark_events(settings, TINY, Crowd(6, rounds=2), console=Console(quiet=True))
    report = json.loads(json.dumps(made.as_json()))
    assert report["benchmark"] == "events"
    assert report["parameters"]["subscribers"] == 6
    assert [len(each.received_ms) for each in made.seen.rounds] == [6, 6]
    assert report["told_ms"]["p50"] <= report["told_ms"]["p99"] <= report["told_ms"]["p100"]
    assert max(each["last_ms"] for each in report["rounds"]) == report["told_ms"]["p100"]
    assert report["aim"]["reached"] is (report["told_ms"]["p100"] < report["aim"]["ms"])
