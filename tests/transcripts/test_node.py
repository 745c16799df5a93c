import os
import subprocess
import sys

import psutil
import pytest

from transcripts import node


@pytest.fixture
def ended_process() -> str:
    """Return the name of a process that was there."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = str(node.Process.of(process.pid))
        process.kill()
    return name


def _name(**changes: str) -> str:
    """Return this process's name with some of its parts changed."""
    parts = dict(zip(("host", "boot", "namespace", "main", "process"), node.holder().split("|"), strict=True))
    return "|".join((parts | changes).values())


def test_holder_is_alive_while_its_process_is():
    assert not node.is_provably_dead(node.holder())
    assert not node.is_provably_dead(node.COMMAND + node.holder())


def test_holder_is_dead_once_its_process_has_ended(ended_process):
    assert node.is_provably_dead(_name(process=ended_process))
    assert node.is_provably_dead(node.COMMAND + _name(process=ended_process))


def test_holder_is_dead_once_its_cluster_has_ended(ended_process):
    assert node.is_provably_dead(_name(main=ended_process))


def test_holder_is_dead_though_a_later_process_has_its_number():
    assert node.is_provably_dead(_name(process=f"{os.getpid()}:1"))


def test_holder_is_dead_while_its_process_waits_to_be_collected():
    process = subprocess.Popen([sys.executable, "-c", ""])
    name = _name(process=str(node.Process.of(process.pid)))
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass

    assert node.is_provably_dead(name)
    process.wait()


def test_holder_is_dead_after_a_start_of_the_machine():
    assert node.is_provably_dead(_name(boot="an earlier start"))


def test_holder_in_another_container_is_not_judged(ended_process):
    assert not node.is_provably_dead(_name(namespace="pid:[1]", process=ended_process))
    assert not node.is_provably_dead(_name(namespace="pid:[1]", boot="another machine"))


def test_holder_on_another_machine_is_not_judged(ended_process):
    assert not node.is_provably_dead(_name(host="elsewhere", process=ended_process))


@pytest.mark.parametrize("name", ["", "command:", "a|b|c", "a|b|c|d|e", "a|b|c|1:2|x:y"])
def test_name_that_cannot_be_read_is_not_judged(name):
    assert not node.is_provably_dead(name)
