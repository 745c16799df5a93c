"""The short form of `manage.py pressure`: real workers and a real server, all of them writing."""

from transcripts.pressure.installation import running
from transcripts.pressure.sound import hum
from transcripts.pressure.watching import watch
from transcripts.pressure.writing import press

SECONDS = 4.0
FAST = {"SELENITE_FAKE_ENGINE": "1", "SELENITE_ENGINE": "fake", "SELENITE_FAKE_SECONDS": "0.02"}


def test_nothing_is_locked_or_lost_while_workers_and_people_write():
    with running(workers=4, people=8, variables=FAST) as installation:
        outcome = press(installation, clients=8, seconds=SECONDS, seed=1)
        table = "\n".join(outcome.tally.lines())

        assert (outcome.locked, outcome.tally.failures, outcome.lost) == (0, 0, []), table
        assert outcome.is_good
        assert outcome.tally.statuses["upload", 200] >= 8, table
        assert outcome.segments >= 20 * outcome.completed > 0

        _, one, another = watch(installation, [hum(8.0, seed=10**6)], pages=4, rounds=1)
        assert (one.pages, another.pages) == (0, 4)
    assert not installation.folder.exists()
