"""How requests went."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

NO_ANSWER = 0


@dataclass(slots=True)
class Tally:
    """Counts the answers of each kind of request. Threads may share one."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: int, seconds: float) -> None:
        with self.lock:
            self.statuses[kind, status] += 1
            self.seconds[kind].append(seconds)

    @property
    def failures(self) -> int:
        """Return how many requests got no answer, or one that says the server failed."""
        return sum(count for (_, status), count in self.statuses.items() if status == NO_ANSWER or status >= 500)

    def lines(self) -> Iterator[str]:
        """Yield a table of what was asked: how often, how long it took, and what was answered."""
        yield f"{'request':<10}{'count':>7}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}  answers"
        for kind, seconds in sorted(self.seconds.items()):
            times = sorted(seconds)
            p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
            answers = {status or "none": count for (one, status), count in sorted(self.statuses.items()) if one == kind}
            words = ", ".join(f"{status}: {count}" for status, count in answers.items())
            yield f"{kind:<10}{len(times):>7}{p50 * 1000:>9.0f}{p99 * 1000:>9.0f}{times[-1] * 1000:>9.0f}  {words}"
