"""From the rows to a file."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from transcripts.exports import FORMATS, ExportOptions, filename, render, render_all
from transcripts.exports.rows import printable, read_document
from transcripts.models import Job, Segment


def test_render_of_an_unknown_format_raises(make_lecture):
    with pytest.raises(KeyError, match="pdf"):
        render(make_lecture(), "pdf")


def test_render_follows_the_options(make_lecture):
    job = make_lecture()
    assert render(job, "txt").startswith(b"Good morning")
    assert render(job, "txt", options=ExportOptions(times=True)).startswith(b"[0:00:00] Good morning")


@pytest.mark.parametrize(
    "options", [{"line_length": 11}, {"line_length": 121}, {"lines_per_cue": 0}, {"lines_per_cue": 6}]
)
def test_options_beyond_the_limits_are_refused(options: dict[str, int]):
    with pytest.raises(ValueError, match=r"must be from \d+ to \d+, not"):
        ExportOptions(**options)


def test_render_all_reads_each_table_once(make_lecture):
    job = Job.objects.select_related("recording").get(pk=make_lecture().pk)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        render_all(job)
    assert len(queries) == 3  # speakers, stretches that were made again, segments


def test_render_all_takes_a_job_that_is_not_complete_and_has_no_text(make_job):
    render_all(make_job())


def test_render_all_raises_what_keeps_a_format_from_being_written(make_lecture):
    job = make_lecture()
    Segment.objects.filter(job=job).update(words=[["not", "a", "word"]])
    with pytest.raises(ValueError, match="unpack"):
        render_all(job)


def test_gap_in_the_rows_is_a_gap_in_the_document(make_lecture):
    job = make_lecture()
    job.segments.filter(piece=1).delete()
    row = job.segments.get(piece=0, index=0)
    Segment.objects.filter(pk=row.pk).update(text="", words=[], gap="The engine crashed.")
    document = read_document(job)
    assert [(gap.start, gap.gap) for gap in document.gaps] == [(row.start, "The engine crashed.")]
    assert len(document.spoken) == 2


def test_segments_come_in_the_order_of_the_recording_without_empty_ones(make_lecture):
    job = make_lecture()
    job.segments.filter(piece=0, index=1).update(text=" \x00\u2028 ", words=[])
    starts = [segment.start for segment in read_document(job).segments]
    assert len(starts) == 5
    assert starts == sorted(starts)


def test_control_characters_do_not_reach_any_file(make_lecture):
    job = make_lecture()
    text = "a\x00b\x08c\x0bd\x1b\x85e\ufffe\ufefff"
    job.segments.update(text=text, words=[[0, 1, f"{text}\ud800", 1]])
    job.recording.title = "ti\x07tle\ntwo"
    render_all(job)
    data = json.loads(render(job, "json"))
    assert data["recording"]["title"] == "title two"
    assert {(each["text"], each["words"][0]["text"]) for each in data["segments"]} == {("abc d ef", "abc d ef")}


def test_printable_keeps_what_scripts_need():
    assert printable("می\u200cخواهم \u202bא\u202c 👩‍👧") == "می\u200cخواهم \u202bא\u202c 👩‍👧"


def test_infinite_values_become_null(make_lecture):
    job = make_lecture()
    job.segments.update(mean_log_probability=float("-inf"))
    assert {each["mean_log_probability"] for each in json.loads(render(job, "json"))["segments"]} == {None}


def test_translation_is_in_english_and_says_so(make_lecture):
    job = make_lecture(task="translate")
    job.language = "de"
    document = read_document(job)
    assert document.language == "en"
    assert b"German, translated into English" in render(job, "vtt")


@pytest.mark.parametrize("format_name", FORMATS)
def test_filename_is_the_title_with_the_extension(make_lecture, format_name: str):
    assert filename(make_lecture(), format_name) == f"Lecture 3 light & matter.{format_name}"
