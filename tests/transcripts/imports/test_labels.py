"""Who speaks, by the names before the text: our exports tell it to any import, and no prose becomes a talk."""

from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import DATA, MakeJob, MakeRecording, MakeSegments
from transcripts.correcting import tokens
from transcripts.exports import ExportOptions, render
from transcripts.imports import BadTranscript, Names, read
from transcripts.models import Job, Recording, Segment, Speaker
from transcripts.services.importing import import_transcript

NAMES = ("", "Ann: the boss", "12:30", "田中：部長", "د. ليلى: الثانية", "Zoë O'Brien <host> & Co", "Note", "דנה")
TEXTS = (
    " Good morning: it is 12:30.",
    " Note: buy milk.",
    " 注意：こんにちは。",
    " مرحبا بكم: أهلا.",
    " He said: no.",
    " Yes.",
    " Why?",
)


@pytest.fixture
def talk(make_recording: MakeRecording, make_job: MakeJob, make_segments: MakeSegments) -> Job:
    """Return a text that people say whose names are all that a name can be; some of it nobody is known to say."""
    job = make_job(make_recording(duration_seconds=60.0), state=Job.State.COMPLETED)
    speakers = [Speaker.objects.create(job=job, number=number, name=name) for number, name in enumerate(NAMES, 1)]
    make_segments(job, (*TEXTS, *TEXTS))
    whose = [None, *speakers[:3], None, *speakers[3:], None, speakers[1], speakers[1]]
    for number, segment in enumerate(job.segments.all()):
        segment.speaker = whose[number % len(whose)]
        segment.start, segment.end = number * 4.0, number * 4.0 + 1.0
        words = [token.space + token.text for token in tokens(segment.text.strip())]
        edges = [round(segment.start + step / len(words), 3) for step in range(len(words) + 1)]
        segment.words = [[*span, word, 0.9] for span, word in zip(pairwise(edges), words, strict=True)]
        segment.save()
    Recording.objects.update(shown_job=job)
    return Job.objects.select_related("recording").get(pk=job.pk)


def _said(job: Job) -> list[tuple[str, str]]:
    rows = job.segments.select_related("speaker")
    return [(row.speaker.shown_name if row.speaker else "", row.text.strip()) for row in rows]


@pytest.mark.parametrize("file", ["a.txt", "timed.txt", "a.srt", "a.vtt", "a.json"])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_exported_and_imported_is_said_by_the_same_people(talk: Job, alice: User, file: str, is_there: bool):
    options = ExportOptions(times=file.startswith("timed"), line_length=120)
    before, data = _said(talk), render(talk, file.rpartition(".")[2], options=options)
    if not is_there:
        talk.segments.all().delete()
    job = import_transcript(talk.recording, read(file, data), author=alice, file_name=file)
    assert _said(job) == before
    assert "Names before a colon" not in "".join(job.warnings)
    assert len({name for name, _ in before if name}) == len(NAMES)
    if file != "a.txt" or is_there:
        starts = talk.segments.values_list("start", flat=True) if is_there else range(0, 4 * len(before), 4)
        assert list(job.segments.values_list("start", flat=True)) == list(starts)


def test_exports_without_names_have_none(talk: Job):
    for name in ("txt", "srt"):
        assert read(f"a.{name}", render(talk, name, options=ExportOptions(names=False))).speakers == {}


def test_line_that_stands_for_a_gap_is_no_text(talk: Job):
    Segment.objects.filter(pk=talk.segments.first().pk).update(
        text="", words=[], gap="The engine crashed.", speaker=None
    )
    passages = read("a.txt", render(talk, "txt")).passages
    assert len(passages) == 2 * len(TEXTS) - 1
    assert not any("Not transcribed" in passage.text for passage in passages)


def _lines(*lines: str) -> bytes:
    return "\n\n".join(lines).encode()


@pytest.mark.parametrize(
    ("lines", "speakers"),
    [
        (("Speaker 1: Hello.",), ["Speaker 1"]),
        (("SPEAKER_00: Hello.", "No name."), ["SPEAKER_00"]),
        (("Speaker 1: Hello.", "Ann: Hi."), ["Speaker 1", "Ann"]),
        (("Ann: Hi.", "Ben: Hello.", "Ann: Well."), ["Ann", "Ben"]),
        (("Ann: Hi.", "Ben: Hello."), []),
        (("Flour: two cups", "Sugar: one cup", "Salt: a pinch"), []),
        (("Flour: two cups", "Sugar: one cup", "Salt: a pinch", "Milk: a cup", "Flour: for the table"), []),
        (("Monday: rest", "Tuesday: run"), []),
        (
            ("Ann: Hi.", "Dr. Zoë O'Brien: Yes.", "So it was.", "Ann: No.", "Dr. Zoë O'Brien: Oh."),
            ["Ann", "Dr. Zoë O'Brien"],
        ),
        (("田中：こんにちは。", "鈴木：はい。", "田中：では。"), ["田中", "鈴木"]),
        (("ليلى: مرحبا", "عمر: أهلا", "ليلى: نعم"), ["ليلى", "عمر"]),
        (("Anne : bonjour", "Ben : salut", "Anne : oui"), ["Anne", "Ben"]),
        (("आशा: नमस्ते", "रवि: जी", "आशा: हाँ"), ["आशा", "रवि"]),
        (("Ann: one", "Ann: two", "Ann: three"), ["Ann"]),
        (("Note: buy milk.",), []),
        (("Note: buy milk.", "Warning: it is hot.", "Note: buy more.", "Warning: hotter."), []),
        (("He said: no.", "She said: yes.", "He said: no!", "She said: yes!"), []),
        (("12:30: the train leaves.", "12:40: it arrives."), []),
        (("https://example.org is an address.", "See http://example.org: it is one."), []),
        (("Ann: a letter begins so.", "It goes on.", "And on.", "And on."), []),
        (("他说：不。", "她说：是。", "他说：不。", "她说：是。"), []),
        (("It was late: we left.", "We left: it was late.") * 3, []),
        (("Prose.",) * 20 + ("Ann: Hi.", "Ben: Oh.", "Ann: Yes.", "Ben: No."), []),
    ],
)
def test_names_are_speakers_where_people_talk(lines: tuple[str, ...], speakers: list[str]):
    found = read("a.txt", _lines(*lines))
    assert (list(found.speakers), list(found.labels), found.is_ours) == (speakers, speakers, False)
    if not speakers:
        assert [passage.text for passage in found.passages] == list(lines)


def test_person_says_whether_names_are_speakers():
    data = _lines("Ann: Hi.", "Note: buy milk.", "He waits.")
    told = read("a.txt", data, names=Names.ALWAYS)
    assert [(each.speaker, each.text) for each in told.passages] == [
        ("Ann", "Hi."),
        ("Note", "buy milk."),
        ("", "He waits."),
    ]
    kept = read("a.txt", b"Speaker 1:  Hi.", names=Names.NEVER)
    assert [(each.speaker, each.text) for each in kept.passages] == [("", "Speaker 1: Hi.")]


def _cues(*bodies: str) -> str:
    return "\n\n".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{body}" for n, body in enumerate(bodies, 1))


def _told(file: str, text: str, names: Names = Names.WHERE_LIKELY) -> list[tuple[str, str]]:
    return [(each.speaker, each.text) for each in read(file, text.encode(), names=names).passages]


def test_indented_files_are_not_taken_for_ours():
    for file, text in (
        ("a.srt", _cues("  Recorded in May", "Ann: Hi", "Ben: Oh")),
        ("a.txt", "  Recorded in May\n\n  Ann: Hi\n\n  Ben: Oh"),
    ):
        assert _told(file, text) == [("", "Recorded in May"), ("", "Ann: Hi"), ("", "Ben: Oh")]
        assert _told(file, text, Names.ALWAYS) == [("", "Recorded in May"), ("Ann", "Hi"), ("Ben", "Oh")]
    [passage] = read("a.txt", b"  [0:00:07] Hello").passages
    assert (passage.start, passage.text) == (7.0, "Hello")


def test_choice_of_the_person_wins_in_files_of_ours():
    text = _cues("Ann:  Hi", "Note: none", "Ben:  Oh", "  Eve: ah")
    assert _told("a.srt", text) == [("Ann", "Hi"), ("Ann", "Note: none"), ("Ben", "Oh"), ("", "Eve: ah")]
    assert _told("a.srt", text, Names.ALWAYS) == [("Ann", "Hi"), ("Note", "none"), ("Ben", "Oh"), ("Eve", "ah")]
    assert _told("a.srt", text, Names.NEVER) == [("", "Ann: Hi"), ("", "Note: none"), ("", "Ben: Oh"), ("", "Eve: ah")]


@pytest.mark.parametrize(
    ("name", "is_taken", "is_ours"),
    [
        ("Ann", True, False),
        ("the teacher", False, False),
        ("teacher", True, False),
        ("Zoë O'Brien <host>", True, False),
        ("Speaker 1", True, True),
        ("Note", False, False),
        ("He said", False, False),
        ("12:30", False, False),
        ("Hello.  He", False, False),
    ],
)
@pytest.mark.parametrize("file", ["a.srt", "a.txt"])
def test_single_name_before_two_spaces_has_to_look_like_one(name: str, is_taken: bool, is_ours: bool, file: str):
    said = f"{name}:  recorded in May"
    found = read(file, (_cues(said, "And on") if file == "a.srt" else said).encode())
    assert (list(found.labels), found.is_ours) == ([name] if is_taken else [], is_ours)
    if "  " not in name:
        assert _told("a.txt", said, Names.ALWAYS) == [(name, "recorded in May")]


@pytest.mark.parametrize(
    "lines", ["Flour:  two cups\nSugar:  one cup", "Flour:  two\n\nSugar:   one", "Oh.  Yes\n\nA:  b"]
)
def test_two_spaces_alone_make_no_file_ours(lines: str):
    assert read("a.txt", lines.encode()).labels == ()


@pytest.mark.parametrize("name", ["Ann", "teacher", "Zoë O'Brien <host> & Co", "نیما\u200cزاده", "Speaker 7"])
def test_export_of_one_speaker_is_understood(talk: Job, alice: User, name: str):
    one = talk.speakers.first()
    Speaker.objects.filter(pk=one.pk).update(name=name)
    talk.segments.update(speaker=one)
    for file in ("a.txt", "a.srt"):
        found = read(file, render(talk, file[2:]))
        assert (list(found.speakers), {each.speaker for each in found.passages}) == ([name], {name})


def test_markup_of_others_is_in_no_name():
    assert _told("a.srt", _cues("<i>He said:  hello</i>", "<i>He went</i>")) == [
        ("", "He said: hello"),
        ("", "He went"),
    ]
    assert _told("a.srt", _cues("<i>Ann:  hello</i>")) == [("Ann", "hello")]
    assert _told("a.srt", _cues("Tom &amp; Jo:  hi", "{\\an8}Ben:  oh")) == [("Tom & Jo", "hi"), ("Ben", "oh")]
    vtt = "WEBVTT\n\n" + _cues("<v Ann>The plan:  go <b>home</b></v>").replace(",", ".")
    assert _told("a.vtt", vtt) == [("Ann", "The plan: go home")]
    assert _told("a.vtt", "WEBVTT\n\n" + _cues("<i>Plan:  go</i>").replace(",", ".")) == [("", "Plan: go")]


def test_subtitles_without_a_name_are_said_by_whoever_spoke_before():
    said = ("Ann: Hi.", "How are you?", "Ben: Well.", "Thanks.", "Ann: Good.", "Ben: Yes.")
    text = "\n\n".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{line}" for n, line in enumerate(said, 1))
    for name, data in (("a.srt", text), ("a.vtt", "WEBVTT\n\n" + text.replace(",", "."))):
        names = [passage.speaker for passage in read(name, data.encode()).passages]
        assert names == ["Ann", "Ann", "Ben", "Ben", "Ann", "Ben"]


@pytest.mark.django_db(transaction=True)
def test_page_tells_who_was_taken_as_speaker_and_how_to_undo_it(alice_client: Client, completed_job: Job):
    address = f"/recordings/{completed_job.recording_id}/import/"
    data = _lines("Ann: And so, my fellow Americans,", "<b>: ask not", "Ann: what you can do", "Ben: Hm", "Ben: Yes")

    def post(**more: str) -> str:
        files = {"transcript": SimpleUploadedFile("a.txt", data)}
        return alice_client.post(address, files | more, follow=True).text

    page = post()
    assert "Speakers by the names before what they say: Ann, Ben. If these are no speakers" in page
    assert "Names before a colon were taken as speakers: Ann, Ben." in page
    assert "Speakers by the names" not in post(names="text")
    newest = Job.objects.order_by("-created_at").first()
    assert (newest.speakers.count(), newest.segments.first().text.strip()[:8]) == (0, "Ann: And")
    answer = alice_client.post(address, {"transcript": SimpleUploadedFile("a.txt", data), "names": "perhaps"})
    assert answer.status_code == 422


# Times beyond the end


def _srt(*starts: float, seconds: float = 1.0) -> bytes:
    def time(at: float) -> str:
        return f"{int(at // 3600):02}:{int(at // 60 % 60):02}:{at % 60:06.3f}".replace(".", ",")

    return "\n\n".join(f"{time(at)} --> {time(at + seconds)}\nWord {at}" for at in starts).encode()


def test_subtitles_of_a_longer_recording_are_refused_in_a_sentence(completed_job: Job, alice: User):
    assert completed_job.recording.duration_seconds == 11.0
    with pytest.raises(BadTranscript, match=r"goes on until 1:00:01, but the recording ends at 0:11"):
        import_transcript(completed_job.recording, read("a.srt", _srt(1, 900, 3600)), author=alice, file_name="a.srt")
    assert Job.objects.count() == 1


def test_what_reaches_beyond_the_end_stands_at_the_end(completed_job: Job, alice: User):
    starts = (*range(10), 10.5)
    job = import_transcript(completed_job.recording, read("a.srt", _srt(*starts)), author=alice, file_name="a.srt")
    assert (max(row.end for row in job.segments.all()), job.segments.count()) == (11.0, 11)
    assert not any("after the end" in warning for warning in job.warnings)
    late = import_transcript(completed_job.recording, read("a.srt", _srt(*starts, 40)), author=alice, file_name="a.srt")
    last = late.segments.last()
    assert (last.start, last.end, last.text.strip()) == (11.0, 11.0, "Word 40")
    assert "is said after the end of the recording (0:11)" in "".join(late.warnings)


@pytest.mark.django_db(transaction=True)
def test_page_refuses_subtitles_of_another_recording(alice_client: Client, completed_job: Job, media_root):
    files = {"transcript": SimpleUploadedFile("a.srt", _srt(1, 3600))}
    answer = alice_client.post(f"/recordings/{completed_job.recording_id}/import/", files)
    assert answer.status_code == 422
    assert "it seems to be of another one. Nothing was changed." in answer.text
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_page_keeps_no_recording_whose_subtitles_are_of_another(alice_client: Client, media_root):
    files = {"recording": SimpleUploadedFile("talk.opus", (DATA / "jfk.opus").read_bytes())}
    answer = alice_client.post("/import/", files | {"transcript": SimpleUploadedFile("a.srt", _srt(1, 3600))})
    assert answer.status_code == 422
    assert "it seems to be of another one. Nothing was changed." in answer.text
    assert (Recording.objects.count(), Job.objects.count()) == (0, 0)
    assert [path for path in media_root.rglob("*") if path.is_file()] == []
