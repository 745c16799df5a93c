"""Long work as rows: asked for once, done by one at a time, put back, cancelled."""

import shutil
import threading
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from registry import works
from registry.models import SpeechModel, Work
from registry.works import LeaseLost, Refused
from tests.conftest import PutWeights

INSTALL, VERIFY = Work.Kind.INSTALL, Work.Kind.VERIFY
ALIVE, DEAD = (lambda holder: False), (lambda holder: True)


@pytest.fixture
def tiny(db: None) -> SpeechModel:
    return SpeechModel.objects.get(store="faster-whisper", key="tiny")


@pytest.fixture
def base(db: None) -> SpeechModel:
    return SpeechModel.objects.get(store="faster-whisper", key="base")


def expire(work: Work) -> None:
    Work.objects.filter(pk=work.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_second_click_finds_the_work_under_way(tiny: SpeechModel, carol: User):
    first, is_new = works.ask(tiny, INSTALL, by=carol)
    again, is_new_again = works.ask(tiny, INSTALL)

    assert (is_new, is_new_again) == (True, False)
    assert (again, first.asked_by) == (first, carol)


def test_work_may_be_asked_for_again_when_it_is_over(tiny: SpeechModel):
    first, _ = works.ask(tiny, INSTALL)
    works.cancel(first.pk)

    assert works.ask(tiny, INSTALL)[1]


def test_install_of_what_is_there_is_refused(tiny: SpeechModel, put_weights: PutWeights):
    put_weights("faster-whisper", "tiny")

    with pytest.raises(Refused, match="faster-whisper/tiny is installed already"):
        works.ask(tiny, INSTALL)

    assert Work.objects.count() == 0


def test_install_without_room_is_refused_before_anything_begins(tiny: SpeechModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))

    with pytest.raises(Refused, match=r"Not enough disk space for faster-whisper/tiny: 278 MB must be free"):
        works.ask(tiny, INSTALL)

    assert Work.objects.count() == 0


def test_install_of_what_was_brought_by_hand_is_refused(tiny: SpeechModel):
    tiny.install_path = "/somewhere"

    with pytest.raises(Refused, match="brought by hand"):
        works.ask(tiny, INSTALL)


def test_oldest_work_is_taken_and_no_other_until_it_is_over(tiny: SpeechModel, base: SpeechModel):
    first, second = works.ask(tiny, INSTALL)[0], works.ask(base, INSTALL)[0]

    claim = works.claim(holder="me")
    assert claim is not None
    assert claim.work_id == first.pk
    assert works.claim(holder="another") is None
    works.finish(claim, Work.State.DONE, "Done.")

    after = works.claim(holder="another")
    assert after is not None
    assert after.work_id == second.pk


def test_work_that_is_finished_when_it_is_cancelled_says_so(tiny: SpeechModel):
    work, _ = works.ask(tiny, INSTALL)
    claim = works.claim(holder="me")
    assert claim is not None
    works.cancel(work.pk)
    works.finish(claim, Work.State.DONE, "tiny is installed.")
    work.refresh_from_db()
    assert (work.state, work.message) == ("done", "tiny is installed. It was finished when you cancelled it.")


def test_measurements_come_last_and_only_where_they_may(tiny: SpeechModel, base: SpeechModel):
    measurement, check = works.ask(tiny, Work.Kind.MEASURE)[0], works.ask(base, VERIFY)[0]

    first = works.claim(holder="me")
    assert first is not None
    assert first.work_id == check.pk
    works.finish(first, Work.State.DONE, "Done.")

    assert works.claim(holder="me", may_measure=False) is None
    second = works.claim(holder="me")
    assert second is not None
    assert second.work_id == measurement.pk


def test_database_itself_refuses_a_second_running_one(tiny: SpeechModel, base: SpeechModel):
    works.ask(tiny, INSTALL)
    works.claim(holder="me")
    with pytest.raises(IntegrityError), transaction.atomic():
        Work.objects.create(model=base, kind=INSTALL, state=Work.State.RUNNING)


@pytest.mark.django_db(transaction=True)
def test_two_clusters_at_once_take_one():
    for key in ("tiny", "base"):
        works.ask(SpeechModel.objects.get(store="faster-whisper", key=key), INSTALL)
    claims, barrier = [], threading.Barrier(2)

    def take(name: str) -> None:
        barrier.wait()
        claims.append(works.claim(holder=name))
        connection.close()

    threads = [threading.Thread(target=take, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([claim for claim in claims if claim]) == 1
    assert Work.objects.running().count() == 1


def test_waiting_work_is_cancelled_at_once(tiny: SpeechModel):
    work, _ = works.ask(tiny, INSTALL)

    assert works.cancel(work.pk)

    work.refresh_from_db()
    assert (work.state, work.message) == (Work.State.CANCELLED, works.CANCELLED[work.kind])
    assert not works.cancel(work.pk)


def test_running_work_is_told_and_ends_it_itself(tiny: SpeechModel):
    work, _ = works.ask(tiny, INSTALL)
    claim = works.claim(holder="me")
    assert not works.is_cancelled(claim)

    assert works.cancel(work.pk)

    work.refresh_from_db()
    assert work.state == Work.State.RUNNING
    assert works.is_cancelled(claim)


def test_work_whose_worker_is_gone_is_cancelled_at_once(tiny: SpeechModel):
    work, _ = works.ask(tiny, INSTALL)
    works.claim(holder="me")
    expire(work)

    assert works.cancel(work.pk)

    work.refresh_from_db()
    assert work.state == Work.State.CANCELLED


@pytest.mark.parametrize(("is_expired", "is_dead", "count"), [(False, ALIVE, 0), (True, ALIVE, 1), (False, DEAD, 1)])
def test_work_of_the_dead_is_put_back(tiny: SpeechModel, is_expired: bool, is_dead, count: int):
    work, _ = works.ask(tiny, INSTALL)
    claim = works.claim(holder="me")
    works.note(claim, step="Downloading", done=5, total=10)
    if is_expired:
        expire(work)

    assert works.rescue(is_dead) == count

    work.refresh_from_db()
    assert (work.state, work.done_bytes) == (("queued", 0) if count else ("running", 5))


def test_work_that_was_to_be_cancelled_is_not_put_back(tiny: SpeechModel):
    work, _ = works.ask(tiny, INSTALL)
    works.claim(holder="me")
    works.cancel(work.pk)

    works.rescue(DEAD)

    work.refresh_from_db()
    assert (work.state, work.message, work.stop_requested) == ("cancelled", works.CANCELLED[work.kind], False)


def test_who_lost_the_lease_writes_nothing(tiny: SpeechModel):
    work, _ = works.ask(tiny, INSTALL)
    lost = works.claim(holder="me")
    works.rescue(DEAD)
    mine = works.claim(holder="another")

    for write in (
        lambda: works.note(lost, step="x", done=1, total=2),
        lambda: works.finish(lost, Work.State.DONE, "x"),
        lambda: works.give_back(lost),
        lambda: works.is_cancelled(lost),
    ):
        with pytest.raises(LeaseLost):
            write()

    assert not works.adopt(lost, holder="me")
    assert works.adopt(mine, holder="still another")
    work.refresh_from_db()
    assert (work.state, work.step, work.lease_holder) == ("running", "", "still another")


def test_note_of_a_deleted_row_is_refused(tiny: SpeechModel):
    with pytest.raises(LeaseLost):
        works.note(works.Claim(12345, uuid4()), step="x", done=1, total=2)
