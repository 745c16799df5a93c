"""Moving to the front, holding and releasing."""

from transcripts import line
from transcripts.models import Job
from transcripts.services import queue


def _order():
    return [place.job_id for place in line.read().places]


def test_owner_moves_to_the_front_of_their_own(make_job, make_recording, alice, bob):
    first, second, third = make_job(), make_job(), make_job()
    theirs = make_job(make_recording(owner=bob))
    assert _order() == [first.pk, theirs.pk, second.pk, third.pk]

    assert queue.move_to_front(third, by=alice)
    assert _order() == [third.pk, theirs.pk, first.pk, second.pk]

    assert queue.move_to_front(second, by=alice)
    assert _order() == [second.pk, theirs.pk, third.pk, first.pk]


def test_staff_moves_to_the_front_of_all(make_job, make_recording, bob, carol):
    jobs = [make_job() for _ in range(3)]
    theirs = [make_job(make_recording(owner=bob)) for _ in range(2)]

    queue.move_to_front(theirs[1], by=carol)
    queue.move_to_front(jobs[2], by=carol)

    assert _order()[:2] == [jobs[2].pk, theirs[1].pk]


def test_moving_again_changes_nothing(make_job, alice):
    make_job()
    job = make_job()
    for _ in range(3):
        queue.move_to_front(job, by=alice)
    job.refresh_from_db()
    assert job.rank == 1


def test_only_waiting_jobs_are_moved(make_job, alice, carol):
    make_job(priority=3, rank=3)
    for state in (Job.State.PAUSED, Job.State.COMPLETED, Job.State.CANCELLED):
        job = make_job(state=state)
        assert not queue.move_to_front(job, by=alice)
        assert not queue.move_to_front(job, by=carol)
        job.refresh_from_db()
        assert (job.rank, job.priority) == (0, 0)


def test_priority_stops_at_what_the_column_holds(make_job, carol):
    make_job(priority=queue.HIGHEST_PRIORITY)
    job = make_job()
    assert queue.move_to_front(job, by=carol)
    job.refresh_from_db()
    assert job.priority == queue.HIGHEST_PRIORITY
