"""How often one member may narrow counts down to few persons without being shown any.

Whoever opens files is noted with those files, and needs no limit. Whoever only counts can read a
telephone number digit by digit, out of answers that each show nobody. Every such question is in the
audit trail; here it is counted, so that it ends before the number does.

Kept in the process: a question that is refused costs no write, and a restart or another worker
gives a few more of what stands in the trail anyway. So with several workers the limit is at most
so many times as high.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from hashlib import blake2s
from typing import Final
from uuid import UUID

from cachetools import LRUCache

from citywide.authz.principal import Principal
from citywide.errors import Code, RefusalError
from citywide.graph.subjects import FEW_ROWS_COUNTED

# Different questions of one member in `WINDOW_S` whose answer is a count of few persons and shows
# nobody. A telephone number takes 57; a page of counts takes five, and asks the same each time.
PROBES = 40
# An hour: longer than anybody looks for one person, shorter than a working day.
WINDOW_S = 3_600
# Members remembered, some kilobytes each at most: more than ask within an hour.
MEMBERS = 5_000


# When each question was asked, and how many it held.
_Asked = dict[bytes, tuple[float, int]]


class Probes:
    """The questions of each member of the last hour."""

    def __init__(self, most: int = PROBES, clock: Callable[[], float] = time.monotonic) -> None:
        self._most: Final = most
        self._clock: Final = clock
        self._asked: Final[LRUCache[tuple[UUID, UUID], _Asked]] = LRUCache(MEMBERS)

    def count(self, reader: Principal, question: str, weight: int) -> None:
        """Count a question about few persons, once however often it is asked.

        `weight` is how many it holds; raises `RefusalError` where that is more than are left.
        """
        now = self._clock()
        whom = reader.tenant_id, reader.member_id
        asked = {
            key: (at, held)
            for key, (at, held) in self._asked.get(whom, {}).items()
            if at > now - WINDOW_S
        }
        key = blake2s(question.encode(errors="surrogatepass"), digest_size=16).digest()
        if key not in asked:
            used = sum(held for _, held in asked.values())
            if used + weight > self._most:
                raise self._too_many(min((at for at, _ in asked.values()), default=now), now)
            asked[key] = now, weight
        self._asked[whom] = asked

    def _too_many(self, oldest: float, now: float) -> RefusalError:
        wait_s = math.ceil(oldest + WINDOW_S - now)
        message = (
            f"Too many counts of fewer than {FEW_ROWS_COUNTED} persons that show nobody: "
            f"{self._most} different ones an hour. Ask for the persons themselves, which is not "
            f"limited, or again in {math.ceil(wait_s / 60)} minutes."
        )
        return RefusalError(Code.LIMIT_EXCEEDED, message, retryAfter=wait_s)
