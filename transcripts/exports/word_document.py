"""Word documents (.docx): a title, the facts and paragraphs with a quiet time in front."""

from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from transcripts.exports.document import NO_SPEECH, Document, Segment, clock, facts, name_of, not_transcribed
from transcripts.exports.options import ExportOptions
from transcripts.paragraphs import Paragraph

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

QUIET_GREY = "6B7280"
QUIET = "Quiet"
"""Name and id of the style of times and facts."""
SPEAKER = "Speaker"
"""The same of the names of those who speak."""
RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "sd", "ur", "yi"}
LONGEST_PROPERTY = 255
"""Word refuses longer ones."""


def render(document: Document, options: ExportOptions) -> bytes:
    """Return the transcript as a document of Office Open XML."""
    import docx  # Takes a fifth of a second and 15 MB, which a web process that exports nothing need not spend.

    page = docx.Document()
    _describe(page, document)
    _add_styles(page, document.language)
    if document.speakers and options.names:
        _add_speaker_style(page)
    _fill(page, document, options)
    file = BytesIO()
    page.save(file)
    return _without_clock(file)


def _without_clock(file: BytesIO) -> bytes:
    """Return the archive without the times of its writing: the same transcript gives the same bytes."""
    result = BytesIO()
    with ZipFile(file) as written, ZipFile(result, "w", ZIP_DEFLATED) as plain:
        for name in written.namelist():
            plain.writestr(ZipInfo(name), written.read(name), ZIP_DEFLATED)
    return result.getvalue()


def _describe(page: "WordDocument", document: Document) -> None:
    properties = page.core_properties
    properties.title = document.source.title[:LONGEST_PROPERTY]
    properties.language = document.language
    properties.author = "Selenite"
    properties.comments = facts(document)[:LONGEST_PROPERTY]
    properties.created = properties.modified = document.run.created_at.astimezone(UTC)


def _add_styles(page: "WordDocument", language: str) -> None:
    """Add the style of times and facts, and say which language the text is in."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    quiet = page.styles.add_style(QUIET, WD_STYLE_TYPE.CHARACTER)
    quiet.font.size = Pt(9)
    quiet.font.color.rgb = RGBColor.from_string(QUIET_GREY)
    if language:
        _set_language(page.styles["Normal"].element, language)


def _set_language(style: Any, language: str) -> None:
    """Tell Word the language of a style: by it Word chooses fonts, spelling and the side where lines begin."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    look = style.get_or_add_rPr()
    if language in RIGHT_TO_LEFT:
        look.append(OxmlElement("w:rtl"))
        style.get_or_add_pPr().append(OxmlElement("w:bidi"))
    tag = OxmlElement("w:lang")
    for script in ("w:val", "w:eastAsia", "w:bidi"):
        tag.set(qn(script), language)
    look.append(tag)


def _add_speaker_style(page: "WordDocument") -> None:
    """Add the style of names: changed once, it changes them all."""
    from docx.enum.style import WD_STYLE_TYPE

    page.styles.add_style(SPEAKER, WD_STYLE_TYPE.CHARACTER).font.bold = True


def _fill(page: "WordDocument", document: Document, options: ExportOptions) -> None:
    page.add_heading(document.source.title, level=0)
    for line in (facts(document), *document.run.warnings):
        page.add_paragraph().add_run(line, style=QUIET)
    if not document.segments:
        page.add_paragraph(NO_SPEECH)
    for paragraph in document.paragraphs():
        _write(_add_paragraph(page), paragraph, options)


def _add_paragraph(page: "WordDocument") -> Any:
    """Add an empty paragraph. The library's own way looks at all that are there: minutes for tens of thousands."""
    from docx.oxml import OxmlElement
    from docx.text.paragraph import Paragraph as WordParagraph

    element = OxmlElement("w:p")
    page.element.body[-1].addprevious(element)  # Last stands the section, with the size of the page.
    return WordParagraph(element, page)


def _write(line: Any, paragraph: Paragraph[Segment], options: ExportOptions) -> None:
    if paragraph.gap:
        line.add_run(not_transcribed(paragraph)).element.style = QUIET
        return
    if options.shows_times(default=True):
        # By its id, for naming a style to `add_run` makes it go through all styles again.
        line.add_run(f"{clock(paragraph.start)}  ").element.style = QUIET
    if name := name_of(paragraph, options):
        line.add_run(f"{name}: ").element.style = SPEAKER
    line.add_run(paragraph.text)
