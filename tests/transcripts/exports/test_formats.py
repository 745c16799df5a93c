"""Each format, read by a real parser."""

import json
from dataclasses import replace
from io import BytesIO

import docx
import pytest
import srt
import webvtt
from markdown_it import MarkdownIt

from tests.transcripts.exports.samples import document, gap, random_segments, segment, spoken, voice
from transcripts.exports import FORMATS, ExportOptions
from transcripts.exports.document import Document
from transcripts.paragraphs import join_texts

OPTIONS = ExportOptions()
HOSTILE = "<b>--> & `code` *stars* _under_ [link](http://a) # <script>alert(1)</script> \\ ~~x~~ | $y$ ^z"
MARKUP = (
    HOSTILE,
    *("# no title", "- no list", "+ no list", "1. no list", "1) no list", "> no quote", "---", "===", "***", "``` x"),
    *("| a | b |", "[a]: http://b", "&copy; &#35;", "<!-- hidden -->", "![img](x)", ": term", "    code", "\\*"),
)
ODD = ("سلام دنیا. ", "שלום עולם. ", "👩‍👩‍👧‍👦 und 👍🏽. ", "Ελληνικά — ça va? ", "日本語です。", "ไทย ๆ ฯ ")


def written(format_name: str, content: Document, **options: object) -> bytes:
    return FORMATS[format_name].render(content, ExportOptions(**options))


def text_of(content: Document) -> str:
    return join_texts(segment.text for segment in content.segments)


def all_srt(content: Document) -> list[srt.Subtitle]:
    return list(srt.parse(written("srt", content).decode(), ignore_errors=False))


def all_vtt(content: Document) -> list[webvtt.Caption]:
    return list(webvtt.from_string(written("vtt", content).decode()))


GAPPED = document(
    [
        spoken("Before."),
        gap(40.2, 51.75),
        gap(52.0, 60.0),
        gap(70.0, 71.0, "The engine stopped."),
        spoken("After.", start=80),
    ]
)
LINES = ["[Not transcribed: 0:40 to 1:00]", "[Not transcribed: 1:10 to 1:11]"]


def test_txt_has_a_line_for_each_gap_with_and_without_times():
    assert written("txt", GAPPED).decode().split("\n\n") == ["Before.", *LINES, "After.\n"]
    assert written("txt", GAPPED, times=True).decode().split("\n\n")[1:3] == LINES


def test_md_has_a_line_for_each_gap():
    texts = [token.children for token in MarkdownIt().parse(written("md", GAPPED).decode()) if token.type == "inline"]
    assert ["".join(part.content for part in parts) for parts in texts][-3:-1] == LINES


def test_docx_has_a_line_for_each_gap():
    page = docx.Document(BytesIO(written("docx", GAPPED)))
    assert [paragraph.text for paragraph in page.paragraphs][-3:-1] == LINES


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_subtitles_are_silent_in_a_gap(name: str):
    spoken_only = document([segment for segment in GAPPED.segments if segment.text])
    assert written(name, GAPPED) == written(name, spoken_only)


def test_json_lists_gaps_apart_from_segments():
    data = json.loads(written("json", GAPPED))
    assert data["gaps"][0] == {"start": 40.2, "end": 51.75, "reason": "The engine crashed."}
    assert [gap["start"] for gap in data["gaps"]] == [40.2, 52.0, 70.0]
    assert [segment["text"] for segment in data["segments"]] == ["Before.", "After."]


@pytest.mark.parametrize("seed", range(5))
def test_srt_and_vtt_have_the_same_cues_in_order(seed: int):
    content = document(random_segments(seed))
    subtitles, captions = all_srt(content), all_vtt(content)
    assert [each.index for each in subtitles] == list(range(1, len(subtitles) + 1))
    assert [each.start.total_seconds() for each in subtitles] == pytest.approx(
        [each.start_in_seconds for each in captions], abs=1
    )
    assert [each.content for each in subtitles] == [_unescaped(each.text) for each in captions]


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_srt_writes_times_with_a_comma_and_hours():
    content = document([spoken("Late.", start=36_061.5)])
    assert written("srt", content).decode() == "1\n10:01:01,500 --> 10:01:02,500\nLate.\n"


def test_srt_text_holds_no_arrow():
    (subtitle,) = all_srt(document([spoken("a --> b")]))
    assert subtitle.content == "a → b"


def test_vtt_escapes_what_would_be_markup():
    blocks = written("vtt", document([spoken("<i>a</i> --> b & c")])).decode().split("\n\n")
    assert blocks[-1].splitlines()[1:] == ["&lt;i&gt;a&lt;/i&gt; --&gt; b &amp; c"]


def test_vtt_note_says_what_produced_it_and_cannot_break_the_file():
    content = document([spoken("Hello.")])
    content = replace(content, run=replace(content.run, warnings=("Bad --> thing.",)))
    assert (
        written("vtt", content)
        .decode()
        .startswith(
            "WEBVTT\n\nNOTE\n0:01:00 · English · transcribed by Selenite with faster-whisper base · 22 November 2026\n"
            "Bad --&gt; thing.\n\n00:00"
        )
    )
    assert [each.text for each in all_vtt(content)] == ["Hello."]


def test_subtitles_name_the_speaker_where_there_is_one():
    said = [
        spoken("Hi.", speaker="Ann <A>"),
        spoken("Yes?", start=3, speaker="Ann <A>"),
        spoken("No.", start=6, speaker="Ben"),
    ]
    content = document(said)
    assert [each.content for each in all_srt(content)] == ["Ann <A>:  Hi.", "Yes?", "Ben:  No."]
    assert written("vtt", content).decode().count("<v Ann &lt;A&gt;>") == 2


def test_txt_is_what_was_said_and_nothing_else():
    content = document([spoken("One."), spoken("Two.", start=62.0)])
    assert written("txt", content).decode() == "One.\n\nTwo.\n"
    assert written("txt", content, times=True).decode() == "[0:00:00] One.\n\n[0:01:02] Two.\n"


def test_names_of_speakers_can_be_left_out():
    content = document([spoken("Hi.", speaker="Ann"), spoken("Hello.", start=0.5, speaker="Ben")])
    assert written("txt", content, names=False).decode() == "Hi.\n\nHello.\n"
    assert written("md", content, names=False, times=False).decode().endswith("\n\nHi.\n\nHello.\n")
    assert [each.text for each in docx.Document(BytesIO(written("docx", content, names=False))).paragraphs][
        -1
    ] == "0:00:00  Hello."
    assert "Ann" not in written("srt", content, names=False).decode() + written("vtt", content, names=False).decode()
    assert b"Ann" in written("json", content, names=False)


def test_docx_names_have_a_style():
    page = docx.Document(BytesIO(written("docx", document([spoken("Hi.", speaker="Ann")]))))
    assert [(run.style.name, run.text) for run in page.paragraphs[-1].runs][1] == ("Speaker", "Ann: ")
    assert page.styles["Speaker"].font.bold


def test_txt_names_the_speaker_of_each_paragraph():
    content = document([spoken("Hi.", speaker="Ann"), spoken("Hello.", start=0.5, speaker="Ben")])
    assert written("txt", content).decode() == "Ann:  Hi.\n\nBen:  Hello.\n"


def _shown(markdown: bytes) -> list[str]:
    """Return what a reader of the Markdown sees, block by block; anything but plain text in a paragraph fails."""
    inline = [
        token for token in MarkdownIt("gfm-like", {"linkify": False}).parse(markdown.decode()) if token.type == "inline"
    ]
    assert {child.type for token in inline for child in token.children or []} <= {
        "text",
        "text_special",
        "em_open",
        "em_close",
    }
    return ["".join(child.content for child in token.children or []) for token in inline]


@pytest.mark.parametrize("text", [*MARKUP, *ODD])
def test_md_shows_text_as_it_is(text: str):
    content = document([segment(0.0, 3.0, text)], title=text.strip())
    blocks = _shown(written("md", content, times=False))
    assert blocks[0] == blocks[2] == text.strip()


def test_md_has_title_facts_warnings_and_times():
    content = document([spoken("One."), spoken("Two.", start=62.0)], title="A_b")
    content = replace(content, run=replace(content.run, warnings=("Mind [this].",)))
    assert written("md", content).decode() == (
        "# A\\_b\n\n*0:01:00 · English · transcribed by Selenite with faster-whisper base · 22 November 2026*\n\n"
        "> Mind \\[this\\].\n\n`0:00:00` One.\n\n`0:01:02` Two.\n"
    )


def test_docx_has_title_facts_and_paragraphs():
    page = docx.Document(
        BytesIO(written("docx", document([spoken("One."), spoken("Two.", start=62.0)], language="de")))
    )
    assert [paragraph.text for paragraph in page.paragraphs] == [
        "Title",
        "0:01:00 · German · transcribed by Selenite with faster-whisper base · 22 November 2026",
        "0:00:00  One.",
        "0:01:02  Two.",
    ]
    assert [run.style.name for run in page.paragraphs[3].runs] == ["Quiet", "Default Paragraph Font"]
    properties = page.core_properties
    assert (properties.title, properties.language, properties.author) == ("Title", "de", "Selenite")


def test_docx_of_a_right_to_left_language_begins_lines_on_the_right():
    pages = [docx.Document(BytesIO(written("docx", document([spoken("א")], language=code)))) for code in ("he", "en")]
    assert [len(page.styles["Normal"].element.findall(".//{*}bidi")) for page in pages] == [1, 0]


def test_docx_takes_the_longest_title():
    page = docx.Document(BytesIO(written("docx", document([], title="😀" * 255))))
    assert page.paragraphs[0].text == "😀" * 255


def test_docx_is_the_same_bytes_each_time(monkeypatch: pytest.MonkeyPatch):
    content = document([spoken("One.")])
    first = written("docx", content)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert written("docx", content) == first


def test_json_rounds_and_keeps_words_with_their_spaces():
    content = document([spoken(" Thé 日本", seconds_per_word=1 / 3)])
    data = json.loads(written("json", content))
    assert data["segments"][0]["words"] == [
        {"start": 0.0, "end": 0.333, "text": " Thé", "probability": 0.9},
        {"start": 0.333, "end": 0.667, "text": " 日本", "probability": 0.9},
    ]
    assert "日本".encode() in written("json", content)


def test_json_keeps_unknown_provenance_but_never_over_its_own_fields():
    content = document([])
    content = replace(
        content, run=replace(content.run, provenance={"device": "cuda", "crystal": "moon", "id": "not this"})
    )
    job = json.loads(written("json", content))["job"]
    assert (job["device"], job["crystal"], job["id"], job["seed"]) == ("cuda", "moon", "id", None)


def test_json_lists_speakers_in_order_of_appearance():
    content = document(
        [spoken("a", speaker="Zoe"), spoken("b", start=2, speaker="Ann"), spoken("c", start=4, speaker="Zoe")]
    )
    data = json.loads(written("json", content))
    zoe, ann = voice("Zoe").id, voice("Ann").id
    assert data["speakers"] == [{"name": "Zoe", "id": zoe}, {"name": "Ann", "id": ann}]
    assert [(each["speaker"], each["speaker_id"]) for each in data["segments"]] == [
        *(("Zoe", zoe), ("Ann", ann), ("Zoe", zoe))
    ]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("format_name", ["txt", "md", "docx", "json", "srt", "vtt"])
def test_every_format_carries_every_script(format_name: str, text: str):
    content = document([spoken(text)])
    assert (
        _plain(format_name, written(format_name, content)).replace(" ", "").count(text_of(content).replace(" ", ""))
        == 1
    )


def _plain(format_name: str, data: bytes) -> str:
    """Return all the text in a file, lines joined."""
    if format_name == "docx":
        return " ".join(paragraph.text for paragraph in docx.Document(BytesIO(data)).paragraphs)
    if format_name == "json":
        return " ".join(each["text"] for each in json.loads(data)["segments"])
    return data.decode().replace("\n", " ")


def test_nothing_said_gives_a_valid_file_of_each_format():
    content = document([])
    assert written("srt", content) == b""
    assert (all_srt(content), all_vtt(content)) == ([], [])
    assert json.loads(written("json", content))["segments"] == []
    no_speech = "No speech was found in this recording."
    assert written("txt", content) == b""
    assert written("md", content).decode().splitlines()[-1] == no_speech
    assert docx.Document(BytesIO(written("docx", content))).paragraphs[-1].text == no_speech


def test_three_hours_are_written_whole_in_every_format():
    content = document(
        [spoken(" one two three, four five six seven eight nine. ten" * 2, start=start * 9) for start in range(1500)]
    )
    count = sum(len(each.words) for each in content.segments)
    assert count == 30_000
    for name in set(FORMATS) - {"rttm"}:
        assert len(_plain(name, written(name, content)).split()) >= count
