import subprocess
import sys
from pathlib import Path

RUN = """
import os, sys
from transcripts.supervisor import Part, Supervisor
rounds = []
def stop_after_the_line():
    rounds.append(1)
    if os.path.exists(sys.argv[1]):
        os.kill(os.getpid(), 15)
touch = f"print('said', flush=True); open({sys.argv[1]!r}, 'w')"
Supervisor([Part("part", [sys.executable, "-c", touch + "; import time; time.sleep(60)"], label="part | ")], stop_seconds=1).run(
    on_round=stop_after_the_line
)
os._exit(7)
"""


def test_supervisor_runs_on_where_its_log_has_no_room(tmp_path, settings):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path / "touched")], cwd=settings.BASE_DIR, stdout=full, timeout=30
        )
    assert done.returncode == 7
