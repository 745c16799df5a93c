"""Transcripts from files: read, timed, and put on recordings; what is no transcript is refused in a sentence."""

import hashlib
import json
from dataclasses import asdict
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import DATA, MakeJob, MakeSegments
from tests.transcripts.exports.conftest import make_dialog, make_lecture  # noqa: F401
from transcripts import playback
from transcripts.exports import render, render_all
from transcripts.imports import BadTranscript, Passage, read
from transcripts.imports.timing import timed
from transcripts.models import Job, Recording, SearchEntry, Segment
from transcripts.services.delete import delete_recording
from transcripts.services.importing import import_transcript
from transcripts.views.standing import Standing

MEDIA = (DATA / "jfk.opus").read_bytes()
SRT = """1
00:00:00,500 --> 00:00:03,000
And so, my fellow <i>Americans</i>,

2
00:00:03,000 --> 00:00:06,250
ask not what your country
can do for you &amp; me
"""
VTT = """\ufeffWEBVTT - a title
STYLE
::cue { color: red }

NOTE nothing

intro
00:01.000 --> 00:02.500 align:start position:10%
<v.loud Ann>Hello <00:01.200><c>there</c></v>

01:00:00.000 --> 01:00:01.000
<v Ben>Bye
"""


def _passages(name: str, text: str) -> list[tuple[object, ...]]:
    return [(each.start, each.end, each.text, each.speaker) for each in read(name, text.encode()).passages]


# Files


@pytest.mark.parametrize("time", ["00:60:00,000", "00:00:60,000", "99:99:99,999"])
def test_time_that_cannot_be_is_named(time: str):
    with pytest.raises(BadTranscript, match=f"^{time.partition(',')[0]} is no time"):
        read("a.srt", f"1\n{time} --> 00:00:01,000\nHello\n".encode())


def test_subrip_is_read_in_both_kinds_of_line_ends():
    expected = [
        (0.5, 3.0, "And so, my fellow Americans,", ""),
        (3.0, 6.25, "ask not what your country can do for you & me", ""),
    ]
    assert _passages("a.SRT", SRT) == expected
    assert _passages("a.srt", SRT.replace("\n", "\r\n")) == expected
    assert [(each.text) for each in read("a.srt", SRT.encode("utf-16")).passages] == [line[2] for line in expected]


def test_webvtt_is_read_with_voices():
    assert _passages("a.vtt", VTT) == [(1.0, 2.5, "Hello there", "Ann"), (3600.0, 3601.0, "Bye", "Ben")]
    assert read("a.vtt", VTT.encode()).speakers == {"Ann": "Ann", "Ben": "Ben"}


def test_plain_text_is_read_by_lines():
    assert _passages("a.txt", "One \t line.\n\n\nAnother\n") == [
        (None, None, "One line.", ""),
        (None, None, "Another", ""),
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.exe", b"text"),
        ("a", b"text"),
        ("a.txt", b"\xff\xfa\x00bin"),
        ("a.txt", b"a\0b"),
        ("a.txt", b" \n\n"),
        ("a.srt", b"just words"),
        ("a.srt", b"00:00:01,000 --> 00:00:02,000\n\n"),
        ("a.vtt", b"WEBVTT\n"),
        ("a.json", b""),
        ("a.json", b"[]"),
        ("a.json", b"{}"),
        ("a.json", b'{"version": 2}'),
        ("a.json", b"[" * 200_000),
        ("a.json", b'{"version": NaN}'),
        ("a.json", b'{"version": 1' + b"0" * 5000 + b"}"),
    ],
)
def test_what_is_no_transcript_is_refused_in_a_sentence(name: str, data: bytes):
    with pytest.raises(BadTranscript, match=r"Nothing was changed\."):
        read(name, data)


def _spoilt(data: bytes) -> list[bytes]:
    """Return a file of ours with one thing wrong in each."""
    ways: list[tuple[tuple[object, ...], object]] = [
        (("segments", 0, "start"), "x"),
        (("segments", 0, "start"), -1),
        (("segments", 0, "end"), 1e300),
        (("segments", 0, "start"), True),
        (("segments", 0, "text"), None),
        (("segments", 0, "text"), "a\0"),
        (("segments", 0, "speaker_id"), 12345),
        (("segments", 0, "also"), "x"),
        (("segments", 0, "words"), {}),
        (("segments", 0, "words", 0, "probability"), "high"),
        (("segments", 0, "words", 0), 7),
        (("segments", 0, "doubts"), [1]),
        (("segments",), None),
        (("gaps",), [[]]),
        (("speakers",), [{"id": 2**70, "name": "x"}]),
        (("speakers",), [{"id": 1, "name": "x" * 101}]),
        (("job", "id"), "../etc"),
        (("job", "task"), "sing"),
        (("job", "language"), "klingon"),
        (("job", "created_at"), "yesterday"),
        (("job", "seconds"), -5),
        (("job", "warnings"), "x"),
        (("recording",), None),
        (("recording", "title"), 5),
        (("recording", "duration"), "long"),
        (("recording", "clipped_share"), 1.5),
        (("job", "language_probability"), "sure"),
    ]
    files = []
    for path, value in ways:
        whole = json.loads(data)
        place = whole
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        files.append(json.dumps(whole).encode())
    return files


def test_json_with_anything_wrong_is_refused(make_dialog):  # noqa: F811
    data = render(make_dialog(), "json")
    read("a.json", data)
    for spoilt in _spoilt(data):
        with pytest.raises(BadTranscript, match=r"This is not JSON as Selenite writes it"):
            read("a.json", spoilt)


def test_what_only_some_files_have_comes_out_as_it_went_in(make_dialog, alice: User):  # noqa: F811
    job = make_dialog()
    row = job.segments.exclude(words=[]).first()
    row.words[0] = [*row.words[0][:4], True, True]
    row.words[1] = [*row.words[1][:4], False, True]
    row.save()
    job.language_probability = 0.9876
    job.save()
    Recording.objects.update(clipped_share=0.0123)
    job = Job.objects.select_related("recording").get()
    data = render(job, "json")
    assert data.count(b'"heard": true') == 2
    imported, recording = read("a.json", data), job.recording
    assert imported.recording["clipped_share"] == 0.0123
    job.delete()
    import_transcript(recording, imported, author=alice, file_name="a.json")
    assert render(Job.objects.select_related("recording").get(), "json") == data


# Times


def test_words_that_were_recognised_keep_their_times_and_others_lie_between():
    known = [(1.0, 1.5, " Ask", 0.9), (1.5, 2.0, " not", 0.9), (2.0, 2.5, " what", 0.9), (4.0, 4.5, " country", 0.8)]
    [words] = timed([Passage("ask, NOT whatever your country needs")], known, end=6.0)
    assert words == [
        (1.0, 1.5, " ask,", 0.9),
        (1.5, 2.0, " NOT", 0.9),
        (2.0, 3.286, " whatever", None, True),
        (3.286, 4.0, " your", None, True),
        (4.0, 4.5, " country", 0.8),
        (4.5, 6.0, " needs", None, True),
    ]


def test_words_of_a_cue_lie_within_it():
    known = [(1.0, 1.5, " Ask", 0.9), (8.0, 8.5, " not", 0.9)]
    [words] = timed([Passage("Ask not", 0.5, 2.5)], known, end=60.0)
    assert words == [(1.0, 1.5, " Ask", 0.9), (1.5, 2.5, " not", None, True)]


def test_text_of_which_nothing_is_known_is_spread_over_the_recording():
    words = [word for each in timed([Passage("one two"), Passage("日本語")], [], end=9.0) for word in each]
    assert "".join(word[2] for word in words).split() == ["one", "two日本語"]
    assert (words[0][0], words[-1][1]) == (0.0, 9.0)
    assert all(one[1] == other[0] for one, other in pairwise(words))
    assert all(word[4] for word in words)


# Rows


def test_imported_text_is_a_new_version_aligned_to_the_old_one(completed_job: Job, alice: User):
    text = (
        "And so my fellow citizens,\nask not what your country can do for you,\nask what you can do for your country."
    )
    job = import_transcript(completed_job.recording, read("a.txt", text.encode()), author=alice, file_name="a.txt")
    recording = Recording.objects.get()
    assert recording.shown_job == job
    assert recording.jobs.count() == 2
    old, new = list(completed_job.segments.all()), list(job.segments.all())
    assert [segment.text.strip() for segment in new] == text.split("\n")
    assert new[1].words == old[1].words
    assert [word[4:] for word in new[0].words] == [[], [], [], [], [True]]
    assert new[0].words[4][1] <= new[1].words[0][0]
    assert job.provenance["imported_from"] == "a.txt"
    assert "citizens" in "".join(SearchEntry.objects.values_list("words", flat=True))
    render_all(job)


def test_imported_subtitles_keep_their_times_and_speakers(completed_job: Job, alice: User):
    text = VTT.replace("01:00:0", "00:00:0")
    job = import_transcript(completed_job.recording, read("a.vtt", text.encode()), author=alice, file_name="a.vtt")
    rows = [(segment.start, segment.end, segment.speaker.name) for segment in job.segments.all()]
    assert rows == [(0.0, 1.0, "Ben"), (1.0, 2.5, "Ann")]
    render_all(job)


def test_long_text_is_aligned_in_seconds(
    make_job: MakeJob, make_segments: MakeSegments, recording: Recording, alice: User
):
    job = make_job(recording, state=Job.State.COMPLETED)
    texts = tuple(f" the word number {number} of the very long talk that is said here now" for number in range(1800))
    make_segments(job, texts)
    Recording.objects.update(shown_job=job)
    text = "\n".join(texts).replace("number 17 ", "number seventeen ")
    new = import_transcript(recording, read("a.txt", text.encode()), author=alice, file_name="a.txt")
    changed = sum(len(word) > 4 for words in new.segments.values_list("words", flat=True) for word in words)
    assert 1 <= changed < 50


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["lecture", "dialog", "gap"])
def test_json_out_and_in_is_the_same(alice_client: Client, make_lecture, make_dialog, kind: str):  # noqa: F811
    job = make_lecture() if kind == "lecture" else make_dialog()
    Recording.objects.update(sha256=hashlib.sha256(MEDIA).hexdigest(), title="Ünïcode <b>")
    if kind == "gap":
        first = job.segments.first()
        Segment.objects.filter(pk=first.pk).update(words=[[*word, True] for word in first.words])
        last = job.segments.last()
        Segment.objects.filter(pk=last.pk).update(text="", words=[], gap="The engine crashed.", speaker=None)
    job = Job.objects.select_related("recording").get(pk=job.pk)
    before = render(job, "json")
    delete_recording(job.recording)
    files = {
        "recording": SimpleUploadedFile("other name.opus", MEDIA),
        "transcript": SimpleUploadedFile("transcript.json", before),
    }
    response = alice_client.post("/import/", files)
    assert response.status_code == 302, response.text
    after = Job.objects.select_related("recording").get()
    assert (after.pk, after.state) == (job.pk, Job.State.COMPLETED)
    assert render(after, "json") == before
    assert "Ünïcode &lt;b&gt;" in alice_client.get(response.url).text
    assert len(asdict(read("a.json", before))["passages"]) == job.segments.count()


def test_exports_of_what_no_engine_made_say_that_it_was_imported(completed_job: Job, alice: User):
    file = "subtitles.srt"
    job = import_transcript(completed_job.recording, read(file, SRT.encode()), author=alice, file_name=file)
    files = {name: render(job, name) for name in ("vtt", "md", "html", "json")}
    assert b"imported into Selenite" in files["vtt"]
    assert not any(b"transcribed by" in files[name] for name in ("vtt", "md", "html"))
    assert json.loads(files["json"])["job"]["imported"] is True
    assert b'"imported"' not in render(completed_job, "json")
    imported, recording = read("a.json", files["json"]), job.recording
    job.delete()
    again = import_transcript(recording, imported, author=alice, file_name="a.json")
    assert render(again, "json") == files["json"]


def test_what_an_engine_made_stays_so_when_it_is_imported(make_dialog, alice: User):  # noqa: F811
    job = make_dialog()
    data = json.loads(render(job, "json"))
    data["job"]["imported"] = True
    again = import_transcript(
        job.recording, read("a.json", json.dumps(data).encode()), author=alice, file_name="a.json"
    )
    assert b"transcribed by Selenite 0.1.0 with faster-whisper base" in render(again, "vtt")
    assert b'"imported"' not in render(again, "json")


@pytest.mark.parametrize(
    ("kept", "words"), [("srt", "Imported (.srt)"), ("talk.srt", "Imported from talk.srt"), ("", "")]
)
def test_imports_from_before_are_called_by_their_kind(make_job: MakeJob, recording: Recording, kept: str, words: str):
    job = make_job(recording, engine="", model="", provenance={"imported_from": kept})
    assert Standing(job).origin == words


# Pages


def _file(text: str = SRT, name: str = "subtitles.srt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


@pytest.mark.django_db(transaction=True)
def test_page_imports_onto_a_recording(alice_client: Client, completed_job: Job):
    address = f"/recordings/{completed_job.recording_id}/import/"
    assert "Import a transcript" in alice_client.get(address).text
    response = alice_client.post(address, {"transcript": _file()}, follow=True)
    assert "The transcript is imported and shown." in response.text
    assert "can do for you &amp; me" in response.text
    assert Job.objects.count() == 2
    compared = alice_client.get(f"/recordings/{completed_job.recording_id}/compare").text
    for page in (response.text, compared):
        assert "Imported from subtitles.srt" in page


@pytest.mark.django_db(transaction=True)
def test_page_imports_a_recording_with_its_transcript(alice_client: Client):
    assert "Bring a recording together with its text" in alice_client.get("/import/").text
    data = {"recording": SimpleUploadedFile("talk.opus", MEDIA), "transcript": _file()}
    response = alice_client.post("/import/", data, follow=True)
    assert "can do for you &amp; me" in response.text
    recording = Recording.objects.get()
    assert (recording.title, recording.jobs.get().state) == ("talk", Job.State.COMPLETED)
    data = {"recording": SimpleUploadedFile("talk.opus", MEDIA), "transcript": _file()}
    claim = playback.claim()
    assert claim is not None, "Nothing else draws its waveform."
    playback.run_claimed(str(claim.recording_id), str(claim.token))
    assert len(Recording.objects.get().peaks) == 110
    assert "You have this recording already" in alice_client.post("/import/", data, follow=True).text
    assert (Recording.objects.count(), Job.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_page_goes_on_with_a_recording_that_is_here_where_the_transcript_did_not_fit(alice_client: Client):
    def files(text: str) -> dict[str, SimpleUploadedFile]:
        return {"recording": SimpleUploadedFile("talk.opus", MEDIA), "transcript": _file(text)}

    alice_client.post("/import/", files(SRT))
    page = alice_client.post("/import/", files(SRT.replace("00:00:0", "09:00:0")))
    address = f"/recordings/{Recording.objects.get().pk}/import/"
    assert (page.status_code, f'action="{address}"' in page.text, 'name="recording"' in page.text) == (422, True, False)
    assert alice_client.post(address, {"transcript": _file()}).status_code == 302
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("media", "transcript"),
    [(b"no audio at all", SRT), (MEDIA, "no subtitles"), (b"", SRT), (MEDIA, ""), (None, SRT), (MEDIA, None)],
)
def test_page_refuses_what_cannot_be_imported(
    alice_client: Client, media: bytes | None, transcript: str | None, media_root
):
    data = {} if media is None else {"recording": SimpleUploadedFile("talk.opus", media)}
    data |= {} if transcript is None else {"transcript": _file(transcript)}
    response = alice_client.post("/import/", data)
    assert (response.status_code, 'class="errorlist"' in response.text) == (422, True)
    assert (Recording.objects.count(), Job.objects.count()) == (0, 0)
    assert [path for path in media_root.rglob("*") if path.is_file()] == []


def test_others_import_nothing(client: Client, bob_client: Client, completed_job: Job):
    address = f"/recordings/{completed_job.recording_id}/import/"
    assert bob_client.get(address).status_code == 404
    assert bob_client.post(address, {"transcript": _file()}).status_code == 404
    assert client.post(address, {"transcript": _file()}).status_code == 302
    assert client.get("/import/").status_code == 302
    assert Job.objects.count() == 1
