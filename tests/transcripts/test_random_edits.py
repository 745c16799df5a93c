"""Two hundred changes of a text at random, by people who do not always see it as it is: nothing runs backwards or gets lost."""

from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from speech.types import Turn
from tests.conftest import MakeJob, MakeSegments
from transcripts import exports
from transcripts.correcting import estimate
from transcripts.models import Edit, Job, Segment
from transcripts.services import corrections, edits, suggestions
from transcripts.services.corrections import Conflict, shown
from transcripts.services.history import history, latest_change, latest_undone
from transcripts.services.patches import CONTENT, EditRefused
from transcripts.services.replacing import Search, find, replace_all
from transcripts.services.speakers import apply_labelling

TEXTS = (
    " And so, my fellow Americans,",
    " ask not what your well-known country can do for you,",
    "今天天気がいいですね。",
    " ask what you can do for your country.",
    " مرحبا أيها العالم",
    " The end 👩\u200d👧, cafe\u0301!",
)
PIECES = [
    "a",
    "B",
    "ask",
    "you",
    "-",
    ",",
    "。",
    "天",
    "語",
    "é",
    "e\u0301",
    "👍🏽",
    "مرحبا",
    "<b>",
    "&",
    "\u202e",
    "\u200b",
    "1,5",
]
PLACE = st.integers(0, 30)
WRITTEN = st.lists(st.sampled_from([*PIECES, " ", " ", " "]), max_size=12).map("".join)


class Editing(RuleBasedStateMachine):
    """The database against what it must be after each change."""

    job: Job
    authors: tuple[User, User]

    def __init__(self) -> None:
        super().__init__()
        Edit.objects.filter(job=self.job).delete()
        self.job.segments.all().delete()
        Job.objects.filter(pk=self.job.pk).update(labelling=None, diarizer="")
        Segment.objects.bulk_create(self.recognised)
        self.start = self.rows()
        self.states = {0: self.start}
        self.turn = 0

    recognised: list[Segment]

    def rows(self) -> list[tuple[Any, ...]]:
        return list(self.job.segments.values_list("pk", *CONTENT))

    def row(self, place: int) -> Segment:
        rows = list(self.job.segments.all())
        return rows[place % len(rows)]

    @property
    def author(self) -> User:
        self.turn += 1
        return self.authors[self.turn % 2]

    def attempt(self, act: Any, *args: Any, author: User | None = None, **kwargs: Any) -> bool:
        """Do something, and return whether that was possible; where it is refused, nothing is different."""
        before = self.rows()
        try:
            edit = act(*args, **kwargs, author=author or self.author)
        except EditRefused:
            assert self.rows() == before
            return False
        self.states[edit.pk] = self.rows()
        return True

    @rule(place=PLACE, text=WRITTEN, cut=st.integers(0, 60), length=st.integers(0, 30))
    def write(self, place: int, text: str, cut: int, length: int) -> None:
        row = self.row(place)
        base = shown(row.text)
        self.attempt(corrections.write, self.job, row.pk, base[:cut] + text + base[cut + length :], base=base)

    @rule(place=PLACE, cut=st.integers(1, 60))
    def split(self, place: int, cut: int) -> None:
        row = self.row(place)
        base = shown(row.text)
        self.attempt(corrections.write, self.job, row.pk, f"{base[:cut]}\n{base[cut:]}", base=base)

    @rule(place=PLACE)
    def join(self, place: int) -> None:
        row = self.row(place)
        self.attempt(corrections.join, self.job, row.pk, base=row.text)

    @rule(place=PLACE)
    def delete(self, place: int) -> None:
        row = self.row(place)
        self.attempt(corrections.delete, self.job, row.pk, base=row.text)

    @rule(place=PLACE, text=WRITTEN, where=st.sampled_from(["before", "after"]))
    def insert(self, place: int, text: str, where: Any) -> None:
        self.attempt(corrections.insert, self.job, self.row(place).pk, text, where=where)

    @rule(start=st.floats(0, 20), seconds=st.floats(0.1, 8), text=WRITTEN, late=st.floats(-1, 1))
    def accept_a_suggestion(self, start: float, seconds: float, text: str, late: float) -> None:
        """Words that were recognised in some other stretch than a whole number of segments, and not only within it."""
        bounds = {"stretch_start": start, "stretch_end": start + seconds, "state": Job.State.COMPLETED}
        own = {"recording": self.job.recording, "owner": self.authors[0], "kind": Job.Kind.STRETCH, "source": self.job}
        job = Job.objects.create(**own, **bounds)
        for index, line in enumerate(filter(str.strip, text.split("a"))):
            begin = start + late + index
            words = [word.row for word in estimate(line, begin, begin + 0.9)]
            _recognised(job, index, begin, words)
        self.attempt(suggestions.accept, job, mark=suggestions.present(job).mark)

    @rule(place=PLACE, start=st.floats(-2, 2), end=st.floats(-2, 2))
    def set_times(self, place: int, start: float, end: float) -> None:
        row = self.row(place)
        self.attempt(corrections.set_times, self.job, row.pk, row.start + start, row.end + end, base=row.text)

    @rule(place=PLACE, words=st.sets(st.integers(0, 6)))
    def accept(self, place: int, words: set[int]) -> None:
        row = self.row(place)
        self.attempt(corrections.accept, self.job, row.pk, words, base=row.text)

    @rule(what=st.sampled_from(PIECES), by=WRITTEN)
    def replace(self, what: str, by: str) -> None:
        search = Search(what, by)
        count = sum(hit.count for hit in find(self.job, search))
        self.attempt(replace_all, self.job, search, count=count)

    @rule(share=st.integers(0, 10))
    def identify(self, share: int) -> None:
        apply_labelling(self.job, [Turn(0, share * 2, 1), Turn(share * 2, 20, 2)], provenance={}, author=self.author)
        self.states[Edit.objects.filter(job=self.job).latest("pk").pk] = self.rows()

    @rule(place=PLACE, text=WRITTEN)
    def write_what_was_not_seen(self, place: int, text: str) -> None:
        """Somebody else was faster: nothing of theirs goes, and nothing of this."""
        before, row = self.rows(), self.row(place)
        with pytest.raises(Conflict) as caught:
            corrections.write(self.job, row.pk, f"mine{text}", base="something else", author=self.author)
        assert (caught.value.mine, caught.value.theirs, self.rows()) == (f"mine{text}", shown(row.text), before)

    @rule(steps=st.integers(1, 4))
    def undo_and_redo(self, steps: int) -> None:
        before, done, author = self.rows(), 0, self.author
        while done < steps and (change := latest_change(history(self.job), author.pk)):
            if not self.attempt(edits.undo, Edit.objects.get(pk=change), author=author):
                break  # Somebody else has changed it since.
            done += 1
        for _ in range(done):
            redo = latest_undone(history(self.job), author.pk)
            assert redo
            edits.undo(Edit.objects.get(pk=redo), author=author)
        assert self.rows() == before
        if done:
            self.states[Edit.objects.filter(job=self.job).latest("pk").pk] = before

    @rule(steps=st.integers(1, 3))
    def undo(self, steps: int) -> None:
        for _ in range(steps):
            author = self.author
            if change := latest_change(history(self.job), author.pk):
                edit = Edit.objects.get(pk=change)
                assert edit.author in (None, author)
                self.attempt(edits.undo, edit, author=author)

    @rule(place=PLACE)
    def restore(self, place: int) -> None:
        point = sorted(self.states)[place % len(self.states)]
        assume(self.rows() != self.states[point])
        self.attempt(edits.restore, self.job, point)
        assert self.rows() == self.states[point]

    @invariant()
    def words_neither_overlap_nor_run_backwards(self) -> None:
        rows = list(self.job.segments.all())
        words = [word for row in rows for word in row.words]
        assert all(word[0] <= word[1] for word in words)
        assert all(one[1] <= other[0] for one, other in pairwise(words))
        assert all(row.start <= row.end for row in rows)
        assert all("".join(word[2] for word in row.words) == row.text for row in rows)
        assert all(shown(row.text) for row in rows)

    @invariant()
    def exports_render(self) -> None:
        for name in ("txt", "srt", "vtt", "json"):
            assert exports.render(self.job, name)

    def teardown(self) -> None:
        assert exports.render(self.job, "docx")
        while changes := [
            (change, who) for who in self.authors if (change := latest_change(history(self.job), who.pk))
        ]:
            change, author = max(changes, key=lambda found: found[0])
            if not self.attempt(edits.undo, Edit.objects.get(pk=change), author=author):
                assert self.authors[0] != self.authors[1], "Who is alone can take back everything, step by step."
                edits.restore(self.job, 0, author=author)
                break
        assert self.rows() == self.start


def _recognised(job: Job, index: int, start: float, words: list[Any]) -> None:
    numbers = {"mean_log_probability": 0, "no_speech_probability": 0, "compression_ratio": 0, "temperature": 0}
    text = "".join(word[2] for word in words)
    job.segments.create(piece=0, index=index, start=start, end=start + 0.9, text=text, words=words, **numbers)


@pytest.mark.django_db
@pytest.mark.parametrize("is_alone", [True, False])
def test_random_edits(is_alone: bool, alice: User, bob: User, make_job: MakeJob, make_segments: MakeSegments):
    job = make_job(state=Job.State.COMPLETED)
    rows = make_segments(job, TEXTS)
    authors = (alice, alice if is_alone else bob)
    machine = type("Editing", (Editing,), {"job": job, "authors": authors, "recognised": rows})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=2,  # The first one does the simplest thing two hundred times.
            stateful_step_count=200,
            deadline=None,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
