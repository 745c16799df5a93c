"""What people and administrators set, in a real browser, with and without JavaScript."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Server
from tests.e2e.steps import sign_in

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_person_sets_language_and_colours(open_page: Callable[..., Page], person, javascript: bool):
    page = open_page(javascript=javascript)
    sign_in(page, person)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Language spoken").select_option("German")
    page.get_by_role("button", name="Save Transcription").click()
    expect(
        page.get_by_text("Saved", exact=True) if javascript else page.get_by_text("Transcription: saved.")
    ).to_be_visible()
    page.get_by_label("Colours").select_option("Dark")
    page.get_by_role("button", name="Save Appearance").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Reset Appearance to the defaults")).to_be_visible()
    if javascript:
        expect(page.get_by_role("button", name="Save Appearance")).to_be_focused()
    page.goto("/upload/")
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    expect(page.get_by_label("Language spoken")).to_have_value("de")
    page.goto("/settings/")
    page.get_by_role("button", name="Reset Appearance to the defaults").click()
    expect(page.get_by_text(re.compile("^(Appearance: b|B)ack to the defaults")).first).to_be_visible()
    expect(page.locator("html")).not_to_have_attribute("data-theme", re.compile("."))


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_administrator_names_the_installation_and_a_mistake_is_shown(
    open_page: Callable[..., Page], server: Server, javascript: bool
):
    page = open_page(javascript=javascript, expected_error="422")
    sign_in(page, server.add_person(is_staff=True))
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Installation").click()
    page.get_by_label("Jobs at once").fill("99")
    page.locator("#settings-queue form").evaluate("form => (form.noValidate = true)")
    page.get_by_role("button", name="Save Queue").click()
    expect(page.get_by_text("Ensure this value is less than or equal to 64.")).to_be_visible()
    expect(page.get_by_label("Jobs at once")).to_be_focused()
    page.get_by_label("Site name").fill("Moonbase")
    page.get_by_role("button", name="Save Name").click()
    expect(page.get_by_role("button", name="Reset Name to the defaults")).to_be_visible()
    expect(page).to_have_title("Installation · Settings · Moonbase")
    expect(page.locator(".brand")).to_have_text("Moonbase")
    page.goto("/")
    expect(page).to_have_title("Recordings · Moonbase")
    page.goto("/settings/installation/")
    page.get_by_role("button", name="Reset Name to the defaults").click()
    expect(page.get_by_label("Site name")).to_have_value("Selenite")


def test_long_name_of_the_installation_keeps_its_place(open_page: Callable[..., Page], server: Server):
    """It is cut after a few lines, begins where the icon ends, and pushes nothing out."""
    name = "Donaudampfschifffahrtsgesellschaft, Abteilung Oral History"
    server.run(f"from preferences.models import Settings; Settings.load(); Settings.objects.update(site_name={name!r})")
    try:
        page = open_page()
        sign_in(page, server.add_person())
        for width, lines in ((320, 2), (360, 2), (768, 3), (1440, 3)):
            page.set_viewport_size({"width": width, "height": 800})
            page.reload()
            brand, found = page.locator(".brand"), page.locator("#site-name")
            inside = "element => element.getBoundingClientRect().right <= element.closest('.rail-top').getBoundingClientRect().right"
            assert brand.evaluate(inside), width
            height = "element => element.clientHeight / parseFloat(getComputedStyle(element).lineHeight)"
            assert found.evaluate(height) < lines + 0.5, width
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        expect(found).to_have_css("text-align", "start")
    finally:
        server.run("from preferences.models import Settings; Settings.objects.update(site_name='Selenite')")


@pytest.mark.parametrize(("theme", "device"), [("dark", "light"), ("light", "dark"), ("", "dark")])
def test_administration_has_the_colours_that_were_chosen(
    open_page: Callable[..., Page], server: Server, theme: str, device: Literal["light", "dark"]
):
    person = server.add_person(is_staff=True, is_superuser=True)
    page = open_page()
    page.emulate_media(color_scheme=device)
    sign_in(page, person)
    page.goto("/settings/")
    page.get_by_label("Colours").select_option(theme)
    page.get_by_role("button", name="Save Appearance").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    page.goto("/admin/")

    expect(page.locator("html")).to_have_css("color-scheme", theme or "light dark")
