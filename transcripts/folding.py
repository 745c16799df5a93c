"""Text without case and accents: what is found is compared as this."""

from unicodedata import normalize

ACCENTS = (
    (0x0300, 0x036F),  # Of Latin, Greek and Cyrillic letters
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),  # Arabic vowels
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x0640, 0x0640),  # What lengthens an Arabic word
    (0x1DC0, 0x1DFF),
)
FOLDED = {
    ord(letter): plain for letter, plain in zip("łøđħıŧæœ", ["l", "o", "d", "h", "i", "t", "ae", "oe"], strict=True)
}
FOLDED |= {number: "" for first, last in ACCENTS for number in range(first, last + 1)}


def folded(text: str) -> str:
    """Return a text without case and accents."""
    if text.isascii():
        return text.lower()
    # Twice: a letter of mathematics has no small one, but the letter that it stands for has.
    plain = normalize("NFKD", normalize("NFKD", text).casefold())
    return normalize("NFC", plain.translate(FOLDED))
