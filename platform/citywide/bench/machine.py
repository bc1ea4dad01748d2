"""What the figures of a benchmark depend on beside the code."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

_CPU = Path("/proc/cpuinfo")
_PACKAGES = ("asyncpg", "casbin", "granian", "graphql-core", "sqlalchemy", "starlette", "uvloop")


def machine() -> dict[str, Any]:
    """Processors, memory in bytes, and the versions of everything that a request passes."""
    return {
        "cpu": _cpu_model(),
        "cpus": _usable_cpus(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    lines = _CPU.read_text(encoding="utf-8").splitlines() if _CPU.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
