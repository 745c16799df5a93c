import re
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.test import Client

from selenite.assets import NamedByContent

IMPORTED = re.compile(r'^import .* from "\./(.*)";$', re.MULTILINE)
STYLED = re.compile(r'href="/static/css/(\w+)\.css"')


def test_scripts_that_are_imported_go_by_what_they_hold(tmp_path: Path):
    """Under two names one script would be loaded, and run, twice."""
    source = FileSystemStorage(settings.BASE_DIR / "static")
    names = [f"js/{path.name}" for path in (settings.BASE_DIR / "static" / "js").glob("*.js")]
    storage = NamedByContent(location=tmp_path, base_url="/static/")
    for name in names:
        with source.open(name) as file:
            storage.save(name, file)
    done = {name: hashed for name, hashed, _ in storage.post_process({name: (source, name) for name in names})}
    texts = [(tmp_path / storage.hashed_files[storage.hash_key(name)]).read_text() for name in names]
    imported = {f"js/{name}" for text in texts for name in IMPORTED.findall(text)}
    assert len(imported) > 20
    assert imported <= set(storage.hashed_files.values())
    assert set(done) >= set(names)


def test_page_loads_the_styles_of_its_own_parts(carol_client: Client):
    everywhere = set(STYLED.findall(carol_client.get("/").content.decode()))
    more = {
        page: STYLED.findall(carol_client.get(page).content.decode())
        for page in ("/settings/", "/system/", "/system/checks")
    }
    assert {page: set(found) - everywhere for page, found in more.items()} == {
        "/settings/": {"system", "settings"},
        "/system/": {"system"},
        "/system/checks": {"system"},
    }


def test_each_style_sheet_is_loaded_by_a_page():
    pages = "".join(path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    named = set(re.findall(r'"css/(\w+)\.css"', pages))
    assert named == {path.stem for path in (settings.BASE_DIR / "static" / "css").glob("*.css")}
