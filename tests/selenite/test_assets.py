import re
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from selenite.assets import NamedByContent

IMPORTED = re.compile(r'^import .* from "\./(.*)";$', re.MULTILINE)


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
