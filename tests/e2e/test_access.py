"""Every page is free of what axe-core finds to bar people with other eyes, hands or ears, in both themes, wide and narrow."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import DATA
from tests.e2e.server import Person, Server
from tests.e2e.steps import sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

VIEWS = (("light", 1440), ("dark", 320))
HEIGHT = 12_000
"""Nothing of a page lies behind its bars, not even where the list has the recordings of other tests."""
AT_REST = "Promise.allSettled(document.getAnimations().map((animation) => animation.finished)).then(() => true)"
STYLES_OF_AXE = "Applying inline style"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "preload": False,
}
FOR_ALL = (
    "/",
    "/upload/",
    "/import/",
    "/search/?q=country",
    "/search/?q=moonlight",
    "/tags/",
    "/queue/",
    "/filters/",
    "/settings/",
    "/settings/rules/",
    "/settings/rules/new/",
    "/account/password/",
    "/availability",
)
FOR_STAFF = (
    "/settings/installation/",
    "/system/",
    "/system/restart/",
    "/system/info",
    "/system/checks",
    "/system/logs",
    "/server/restart",
    "/server/shutdown",
)
FOR_ADMINISTRATORS = (
    "/admin/",
    "/admin/registry/speechmodel/",
    "/admin/registry/speechmodel/add/",
    "/admin/registry/provider/",
    "/admin/registry/work/",
    "/admin/settings/settings/",
)
OF_RECORDING = ("", "compare", "import/", "title/", "delete/")
OF_JOB = ("menu", "history", "report", "replace", "identify", "restart", "stretch")
DOUBT = """
from transcripts.models import Rule, Segment
row = Segment.objects.filter(job__owner__username={name!r}).first()
row.words[1][3] = 0.1
row.save()
Rule.objects.create(owner=row.job.owner, find="selinite", replacement="Selenite")
"""


@pytest.fixture(scope="module")
def everybody(server: Server) -> Person:
    """Return an administrator who has a recording that is transcribed."""
    person = server.add_person(is_superuser=True)
    server.transcribe(DATA / "jfk.flac", person)
    server.run(DOUBT.format(name=person.name))
    return person


def test_pages_bar_nobody(open_page: Callable[..., Page], everybody: Person):
    page = open_page(expected_error=STYLES_OF_AXE)
    sign_in(page, everybody)
    assert _barriers(page, [*FOR_ALL, *FOR_STAFF, *FOR_ADMINISTRATORS]) == []


def test_pages_of_a_recording_bar_nobody(open_page: Callable[..., Page], everybody: Person):
    page = open_page(expected_error=STYLES_OF_AXE)
    sign_in(page, everybody)
    page.get_by_role("link", name="jfk").first.click()
    expect(page.get_by_text("ask not what your country")).to_be_visible()
    recording, job = page.url.split("?")[0], page.locator("[data-job]").first.get_attribute("data-job")
    addresses = [f"{recording}{part}" for part in OF_RECORDING] + [f"/jobs/{job}/{part}" for part in OF_JOB]
    assert _barriers(page, addresses) == []

    page.goto(recording)
    page.wait_for_load_state()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert list(_seen(page, "help")) == []
    page.keyboard.press("Escape")
    page.locator("summary", has_text="More of the player").click()
    assert list(_seen(page, "the player's menu")) == []
    page.keyboard.press("Escape")
    page.locator("#quality > summary").click()
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="It is right")).to_be_visible()
    expect(page.locator("#report dl")).to_be_visible()
    assert list(_seen(page, "a doubtful word and the report")) == []
    page.locator(".moment").first.focus()
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="Text of this segment")).to_be_visible()
    assert list(_seen(page, "a paragraph that is corrected")) == []


@pytest.mark.parametrize("address", ["/", "/upload/", "/settings/"])
def test_what_is_folded_bars_nobody(open_page: Callable[..., Page], everybody: Person, address: str):
    page = open_page(expected_error=STYLES_OF_AXE)
    sign_in(page, everybody)
    page.goto(address)
    page.wait_for_load_state()
    for number in range(page.locator("main summary").count()):
        summary = page.locator("main summary").nth(number)
        if summary.is_visible():
            summary.click()
            assert list(_seen(page, f"{address} with {summary.inner_text()}", within="main details[open]")) == []
            page.keyboard.press("Escape")


def test_pages_for_strangers_bar_nobody(open_page: Callable[..., Page], person: Person):
    page = open_page(expected_error=(STYLES_OF_AXE, "404"))
    assert _barriers(page, ["/sign-in/"]) == []
    sign_in(page, person)
    assert _barriers(page, ["/", "/nowhere/", "/search/", "/tags/"]) == []


def _barriers(page: Page, addresses: list[str]) -> list[str]:
    return [barrier for address in addresses for barrier in _of_address(page, address)]


def _of_address(page: Page, address: str) -> Iterator[str]:
    page.goto(address)
    page.wait_for_load_state()
    yield from _seen(page, address)


def _seen(page: Page, what: str, *, within: str | None = None) -> Iterator[str]:
    """Yield in a line each what axe-core finds in an open page, or `within` what is open in it: a menu covers what it lies on."""
    for theme, width in VIEWS:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate(AT_REST)
        for found in Axe().run(page, context=within, options=RULES).response["violations"]:
            for node in found["nodes"]:
                others = [other["html"][:100] for check in node["any"] for other in check["relatedNodes"]]
                yield f"{what} ({theme}, {width} px): {found['id']}: {node['html'][:200]} {node['failureSummary']} {others}"
