"""Messages between processes of which any may be killed at any time."""

import multiprocessing
import os
import threading
import time

import pytest

from transcripts.mailbox import Mailbox

CONTEXT = multiprocessing.get_context("fork")


@pytest.fixture
def make_mailbox():
    """Return a function that makes a mailbox. Its sockets end with its processes, here with the test."""
    made = []

    def make(**fields):
        made.append(Mailbox(**fields))
        return made[-1]

    yield make
    for mailbox in made:
        mailbox._in.close()
        mailbox._out.close()


@pytest.fixture
def take():
    """Return a function that starts a process which waits for messages and sends back each one with its own number."""
    started = []

    def start(mailbox: Mailbox, answers: Mailbox):
        def run():
            while True:
                answers.put((os.getpid(), mailbox.get()))

        process = CONTEXT.Process(target=run, daemon=True)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


def test_message_arrives_whole(make_mailbox):
    mailbox = make_mailbox()
    message = {"id": "x" * 50_000, "args": (1, None)}

    assert mailbox.empty()
    mailbox.put(message)
    assert (mailbox.empty(), mailbox.qsize()) == (False, 1)
    assert mailbox.get() == message
    assert (mailbox.empty(), mailbox.qsize()) == (True, 0)


def test_each_message_goes_to_one_process(take, make_mailbox):
    mailbox, answers = make_mailbox(), make_mailbox()
    processes = [take(mailbox, answers) for _ in range(3)]

    for number in range(100):
        mailbox.put(number)
    got = [answers.get() for _ in range(100)]

    assert sorted(number for _, number in got) == list(range(100))
    assert {pid for pid, _ in got} <= {process.pid for process in processes}


def test_death_of_who_waits_harms_nobody(take, make_mailbox):
    mailbox, answers = make_mailbox(), make_mailbox()
    waiting = [take(mailbox, answers) for _ in range(3)]
    time.sleep(0.2)
    for process in waiting:
        process.kill()
        process.join()
    heir = take(mailbox, answers)

    mailbox.put("still there")

    assert answers.get() == (heir.pid, "still there")


def test_put_waits_while_the_mailbox_is_full(make_mailbox):
    is_open = threading.Event()
    mailbox = make_mailbox(is_full=lambda mailbox: not mailbox.empty() and not is_open.is_set())
    mailbox.put(1)
    writer = threading.Thread(target=mailbox.put, args=(2,))
    writer.start()
    writer.join(0.1)
    assert writer.is_alive()

    assert mailbox.get() == 1
    writer.join(5)
    assert mailbox.get() == 2

    mailbox.put(3)
    is_open.set()
    mailbox.put(4)
    assert [mailbox.get(), mailbox.get()] == [3, 4]
