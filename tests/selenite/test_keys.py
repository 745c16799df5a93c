"""The table of keys, which the pages obey and `?` shows: nothing in it is there twice, or without an effect."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tags.models import Tag
from tests.conftest import MakeJob, MakeRecording
from transcripts.models import Job
from transcripts.views import recordings

SCRIPTS = settings.BASE_DIR / "static" / "js"
TABLE = (SCRIPTS / "keytable.js").read_text()
TEMPLATES = "".join(path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
HEARD_ELSEWHERE = re.compile(r"Control|Ctrl|Alt|Enter|Escape|Backspace|Home|Arrow(Up|Down)|Shift Arrow")
OF_A_RECORDING = ("PLAYER", "TEXT", "BESIDE", "EVERYWHERE")
OF_SELECTED = ("SELECTED", "EVERYWHERE")
WITH_ROWS = ("SELECTED", "ROWS", "PAGE", "EVERYWHERE")


def _entries(group: str) -> Iterator[str]:
    block = re.search(rf"const {group} = {{(.*?)\n}};", TABLE, re.DOTALL)
    assert block, group
    return (line for line in block[1].splitlines() if "{ keys:" in line)


def _keys(entry: str) -> list[str]:
    found = re.search(r"keys: \[(.*?)\]", entry)
    assert found, entry
    return re.findall(r'"([^"]+)"', found[1])


@pytest.mark.parametrize("groups", [OF_A_RECORDING, OF_SELECTED])
def test_each_key_of_a_page_does_one_thing(groups: tuple[str, ...]):
    entries = [entry for entry in chain.from_iterable(map(_entries, groups)) if "does:" in entry or " on:" in entry]
    count = Counter(key for entry in entries for key in _keys(entry))
    assert [key for key, times in count.items() if times > 1] == []


def test_keys_of_every_page_have_one_meaning():
    here = {key for entry in _entries("EVERYWHERE") for key in _keys(entry) if not HEARD_ELSEWHERE.match(key)}
    others = re.findall(r"const (\w+) = {\n  title", TABLE)
    assert {
        key for name in others if name != "EVERYWHERE" for entry in _entries(name) for key in _keys(entry)
    } & here == set()


def test_each_entry_has_an_effect():
    scripts = "".join(path.read_text() for path in SCRIPTS.glob("*.js") if path.name != "keytable.js")
    done = re.findall(r'does: "([\w-]+)"', TABLE)
    assert [name for name in done if not re.search(rf'[\s{{"]{name}"?(: \(|: show|,\n| }})', scripts)] == []
    for entry in TABLE.splitlines():
        if "{ keys:" in entry and "does:" not in entry and " on:" not in entry:
            assert all(
                HEARD_ELSEWHERE.match(key) or key in ("Delete", "End", "ArrowLeft", "ArrowRight")
                for key in _keys(entry)
            ), entry


def test_what_is_pressed_is_in_a_template():
    hooks = set(re.findall(r"\[(data-[\w-]+)", TABLE)) | {
        f'id="{name}' for name in re.findall(r"[\" ]#([\w-]+)", TABLE)
    }
    # Some are made by a form, whose field has a prefix.
    assert sorted(hook for hook in hooks if hook not in TEMPLATES and hook != 'id="tag-names') == []


@pytest.fixture
def pages(alice: User, alice_client: Client, make_job: MakeJob, make_recording: MakeRecording) -> dict[str, str]:
    """Return the list in the middle of three pages, the tags and the queue, with all that they can have for an administrator."""
    alice.is_staff = True
    alice.save()
    for hue, name in enumerate(("field", "home")):
        Tag.objects.create(owner=alice, name=name, hue=hue)
    for number in range(3):
        make_job(make_recording(sha256=f"{number:064}"), state=Job.State.QUEUED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recordings, "ROWS_PER_PAGE", 1)
        addresses = {"list": "/?page=2&state=queued", "tags": "/tags/", "queue": "/queue/"}
        return {name: alice_client.get(address).text for name, address in addresses.items()}


def _is_on(page: str, entry: str) -> bool:
    """Tell whether a page has all that a selector of the entry names. What scripts do is done on each of these pages."""
    on = re.search(r' on: "([^"]+)"', entry)
    if not on:
        return "does:" in entry
    plain = re.sub(r":(is|not)\([^)]*\)", "", on[1])
    return any(all(re.search(hook, page) for hook in _hooks(one)) for one in plain.split(", "))


def _hooks(selector: str) -> Iterator[str]:
    for attribute, value, css_class, id_ in re.findall(r"\[([\w-]+)(?:\^?=(\w+))?]|\.([\w-]+)|#([\w-]+)", selector):
        if attribute:
            yield rf'\b{attribute}="{value}' if value else rf"\s{attribute}\b"
        else:
            yield rf'id="{id_}"' if id_ else rf'class="([^"]* )?{css_class}[ "]'


def test_each_key_of_a_page_with_rows_does_one_thing(pages: dict[str, str]):
    for name, least in (("list", 25), ("tags", 14), ("queue", 14)):
        entries = [entry for entry in chain.from_iterable(map(_entries, WITH_ROWS)) if _is_on(pages[name], entry)]
        count = Counter(key for entry in entries for key in _keys(entry))
        assert len(entries) >= least, name
        assert [key for key, times in count.items() if times > 1] == [], name
