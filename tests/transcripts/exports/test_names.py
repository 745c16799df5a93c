"""What exported files are called."""

from email.message import Message

import pytest

from transcripts.exports.names import content_disposition, safe_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Meeting", "Meeting"),
        ("a/b\\c:d", "a b c d"),
        ("../../etc/passwd", "etc passwd"),
        ("line\r\nbreak\x00\x1b", "line break"),
        ("turned\u202egpj.exe", "turnedgpj.exe"),
        ("", "transcript"),
        ("...", "transcript"),
        ("///", "transcript"),
        ("会議 11月", "会議 11月"),
        ("é" * 255, "é" * 90),
        ("😀" * 255, "😀" * 45),
        ("cafe\u0301", "café"),
    ],
)
def test_safe_name_is_a_name_on_every_system(title: str, name: str):
    assert safe_name(title) == name


@pytest.mark.parametrize(
    ("filename", "ascii_name"),
    [
        ("Meeting.txt", "Meeting.txt"),
        ("Café 3.srt", "Cafe 3.srt"),
        ("会議.vtt", "transcript.vtt"),
        ('say "hi"; x=1.txt', "say hi ; x=1.txt"),
        ("50%.txt", "50%.txt"),
    ],
)
def test_content_disposition_says_both_names(filename: str, ascii_name: str):
    header = content_disposition(filename)
    message = Message()
    message["Content-Disposition"] = header
    assert header.isascii()
    assert header.startswith(f'attachment; filename="{ascii_name}"; filename*=UTF-8')
    assert Message.get_filename(_only_extended(header)) == filename


def _only_extended(header: str) -> Message:
    """Return the header as a reader sees it that knows RFC 5987, which prefers the extended name."""
    message = Message()
    message["Content-Disposition"] = "attachment; " + header[header.index("filename*=") :]
    return message
