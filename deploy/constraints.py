"""Hold the exact version of every dependency in pyproject.toml's constraint-dependencies.

The lock file names package hosts, so it is not kept; these lines say the same without them.
`uv run poe constraints` lifts the old versions, resolves the newest and writes them down.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
BLOCK = re.compile(r"^constraint-dependencies = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
EXPORT = ("export", "--all-extras", "--all-groups", "--no-hashes", "--no-emit-project")


def main() -> None:
    """Rewrite the block; the old one stays when resolving fails."""
    before = PROJECT.read_text(encoding="utf-8")
    hold(before, [])
    try:
        uv("lock", "--upgrade", "--quiet")
        pins = [line.strip() for line in uv(*EXPORT).splitlines() if re.match(r"[a-z0-9]", line)]
    except subprocess.CalledProcessError:
        PROJECT.write_text(before, encoding="utf-8")
        raise
    hold(before, pins)
    print(f"{len(pins)} versions are held.")  # noqa: T201 -- a command prints


def hold(text: str, pins: list[str]) -> None:
    """Write the project file with these versions."""
    lines = "".join(f'  "{pin}",\n' for pin in pins)
    block = f"constraint-dependencies = [\n{lines}]\n"
    PROJECT.write_text(BLOCK.sub(lambda _: block, text), encoding="utf-8")


def uv(*arguments: str) -> str:
    """Run uv; its output."""
    command = ["uv", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


if __name__ == "__main__":
    main()
