"""A random life of a city.

Agencies and the bureau do whatever the schema lets them ask for, mostly sensibly, for days on end.
Whatever anybody asks: it is no fault of ours, what is refused leaves nothing, what is done leaves
one audit entry and one key, and the rules of the domain hold.

A failure names its seed and step: `CITYWIDE_SEED=… pytest -n0 -m long -s tests/life` lives the same
life again, `CITYWIDE_ACTS=…` only the first steps of it, `CITYWIDE_FAULTS=…` on after the first 20
faults.

A mutation that is added is drawn by itself, from its declaration (`declarations.py` is the only
file that knows how the package declares). When the table of a long run says that it hardly ever
succeeds, say what it needs: the state of its row in `hints.py`, what has to fit together in one of
`coherence_of_….py`. Its rule is one more function of one of `rules_of_….py`, and the statement that
breaks the rule one more line of `sabotage.py`. What is wrong and known stands in `known.py`.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest

from life import known
from life.living import Life
from life.sabotage import BREAKING
from walls.house import House

# Five of six steps are acts.
FEW, MANY = 300, 12_000
FIXED = 20_151_111
SEED = int(os.environ.get("CITYWIDE_SEED", random.SystemRandom().randrange(2**32)))
ACTS = int(os.environ.get("CITYWIDE_ACTS", MANY))


async def test_a_city_lives_for_a_while_and_keeps_its_rules_which_notice_what_breaks_them(
    life_house: House,
) -> None:
    life = await Life.begun(life_house, FIXED)
    await life.go_on(FEW)
    await life.end()
    assert not life.faults, _told(life, FIXED)
    unnoticed = [name for name in BREAKING if not await life.is_noticed(name, BREAKING[name])]
    assert not unnoticed


@pytest.mark.long
async def test_a_city_lives_for_long_and_keeps_its_rules(life_house: House) -> None:
    life = await Life.begun(life_house, SEED)
    began = time.monotonic()
    while life.number < ACTS and not life.is_over:
        await life.go_on(min(1_000, ACTS - life.number))
        rate = life.number / (time.monotonic() - began)
        print(f"seed {SEED}: {life.number} steps, {rate:.1f} a second", flush=True)  # noqa: T201
    await life.end()
    print(_table(life))  # noqa: T201 - the table is what a long run is for
    assert not life.faults, _told(life, SEED)
    never = {name for name in life.mutations if not life.tally.get(name, {}).get("DONE")}
    assert never == set(known.NEVER_DONE), f"seed {SEED}: never done: {sorted(never)}"


def _told(life: Life, seed: int) -> str:
    return "\n\n".join([f"seed {seed}", *life.faults.values()])


def _table(life: Life) -> str:
    lines = []
    for name, codes in sorted(life.tally.items()):
        refused = {code: count for code, count in codes.most_common() if code != "DONE"}
        told = " ".join(f"{code} {count}" for code, count in refused.items())
        lines.append(f"{name:28} {codes.total():5} {codes['DONE']:5}  {told}")
        if name in life.mutations and codes["DONE"] * 5 < codes.total():
            common = life.reasons.get(name, Counter()).most_common(3)
            lines += [f"    {count} x {reason}" for reason, count in common]
    lines += [f"known: {what} {count}" for what, count in sorted(life.known.items())]
    return "\n".join(lines)
