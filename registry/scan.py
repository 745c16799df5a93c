"""What lies on the disk, and the rows of the registry brought in line with it.

`refresh` reads manifests and sizes only. `rescan` also finds weights that were brought by hand; these are then read in full,
by the queue for long work or by the command.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.db.models import QuerySet

from registry import obtaining, works
from registry.known import installed
from registry.models import ENGLISH, Provider, SpeechModel, Work
from registry.sync import estimated_memory_bytes
from speech import weights
from speech.weights import Installed

UNCHECKED = "Files lie in its place that were not checked yet. Verify it."
NOT_AS_INSTALLED = "its files are not what was installed"
CUT = "Files are missing or cut short."
NO_MANIFEST = "Its manifest.json is damaged. Verify it."
CHANGED = "Its files were changed since they were verified. Verify it."
AS_FOUND = "Brought by hand: its hash is kept as it was found."

Status = SpeechModel.Status


@dataclass(slots=True)
class Found:
    """What a rescan found: rows that are new, models whose files have to be read, and why the rest is no model, in sentences."""

    new: list[SpeechModel] = field(default_factory=list)
    unchecked: list[SpeechModel] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def refresh(*models: SpeechModel, blame: str = "") -> int:
    """Bring rows, all of them where none is named, in line with the disk; return how many changed. Reads no weights.

    `blame` is why a model is broken, where somebody has just found that out.
    """
    return sum(_refresh(row, blame) for row in models or SpeechModel.objects.all())


def give_up(model: SpeechModel, reason: str) -> bool:
    """Have a model be broken that could not be loaded, for a reason, where nobody knows what its files must be.

    Return whether it is. It stays so until its files change.
    """
    found = installed(model)
    if found is None or not weights.condemn(found, reason):
        return False
    refresh(model, blame=reason)
    return True


def found_broken(model: SpeechModel) -> str:
    """Return why weights are broken, as their row says, or will once it is refreshed; empty where they are not.

    They may have broken since somebody last looked. Reads no weights, and writes nothing.
    """
    if model.status in (Status.INSTALLED, Status.VERIFIED) and installed(model) is None:
        status, detail = _absent(model, "")
        return detail if status == Status.BROKEN else ""
    return model.status_detail or NOT_AS_INSTALLED if model.status == Status.BROKEN else ""


def refresh_if_possible(blames: Mapping[tuple[str, str], str] | None = None) -> None:
    """Bring all rows in line where there is a database: weights are installed before there is one.

    `blames` says of stores and keys why they are broken, where somebody has just found that out.
    """
    try:
        if _has_rows():
            discover()
            refresh()
            for (store, key), blame in (blames or {}).items():
                refresh(*SpeechModel.objects.filter(store=store, key=key), blame=blame)
    except DatabaseError:
        return


def broken_if_possible() -> dict[tuple[str, str], str]:
    """Return of what is broken, by store and key, why; nothing where there is no database. Writes nothing."""
    try:
        states = {(row.store, row.key): _facts(row, "") for row in SpeechModel.objects.all()} if _has_rows() else {}
    except DatabaseError:
        return {}
    return {place: facts["status_detail"] for place, facts in states.items() if facts["status"] == Status.BROKEN}


def row_if_possible(store: str, key: str) -> SpeechModel | None:
    """Return the row of weights; None where there is none, or no database."""
    try:
        return SpeechModel.objects.filter(store=store, key=key).first() if _has_rows() else None
    except DatabaseError:
        return None


def _has_rows() -> bool:
    name = settings.DATABASES["default"]["NAME"]
    if connection.vendor == "sqlite" and not Path(name).exists():
        return False
    return SpeechModel._meta.db_table in connection.introspection.table_names()


def rescan(models: Iterable[SpeechModel] | None = None) -> Found:
    """Look for weights that were brought by hand, for some models or for all, and bring the rows in line with the disk.

    Costs a look at some folders. What has to be read in full is only named.
    """
    found = Found()
    if models is None:
        found.new = discover()
        found.passed_over = passed_over()
    rows = SpeechModel.objects.all() if models is None else [*models]
    for row in rows:
        if path := _lies_beside(row):
            row.install_path = path
            row.save(update_fields=["install_path"])
        _refresh(row, "")
        if _must_be_read(row):
            found.unchecked.append(row)
    return found


def queue_checks(found: Found, *, by: User | None = None) -> int:
    """Have what a rescan found read in full by the queue for long work; return how much of it was not under way."""
    return sum(works.ask(model, Work.Kind.VERIFY, by=by)[1] for model in found.unchecked)


def discover() -> list[SpeechModel]:
    """Make rows for models in the weights folder that neither catalogue nor registry knows, and return them."""
    taken = set(SpeechModel.objects.values_list("store", "key"))
    providers = {provider.key: provider for provider in Provider.objects.filter(kind=Provider.Kind.ASR)}
    made = [
        SpeechModel.objects.get_or_create(  # Another rescan may be faster.
            store=engine,
            key=name,
            defaults={
                "provider": providers[engine],
                "name": name,
                "install_path": path,
                "status_detail": UNCHECKED,
            },
        )
        for engine, name, path in weights.unknown(settings.WEIGHTS_DIR)
        if (engine, name) not in taken and engine in providers
    ]
    return [row for row, is_new in made if is_new]


def passed_over() -> list[str]:
    """Return of all that lies in the weights folder and is no model why not, each in a sentence."""
    taken = _places_of(SpeechModel.objects.all())
    return [reason for place, reason in weights.passed_over(settings.WEIGHTS_DIR) if place.resolve() not in taken]


def is_there(model: SpeechModel) -> bool:
    """Return whether files lie where a model's should, whatever they are."""
    return weights.is_there(settings.WEIGHTS_DIR, engine=model.store, model=model.key, path=model.install_path)


def files_brought(model: SpeechModel) -> list[Path]:
    """Return the files of a model that somebody put into the weights folder, but not in their own place."""
    return weights.files_brought(settings.WEIGHTS_DIR, engine=model.store, model=model.key, path=model.install_path)


def is_custom(model: SpeechModel) -> bool:
    """Return whether a model is none of the catalogue's."""
    return weights.known(engine=model.store, model=model.key) is None


def places_of_others(model: SpeechModel) -> list[Path]:
    """Return where the weights of all other rows lie or would lie: their own places, and the paths that they were given."""
    return _places_of(SpeechModel.objects.exclude(pk=model.pk))


def _places_of(models: QuerySet[SpeechModel]) -> list[Path]:
    rows = models.values_list("store", "key", "install_path")
    return [place for store, key, path in rows for place in _places(store, key, path)]


def _places(store: str, key: str, path: str) -> Iterator[Path]:
    try:
        yield weights.place_of(settings.WEIGHTS_DIR, engine=store, model=key).resolve()
        if path:
            yield weights.resolve(settings.WEIGHTS_DIR, path).resolve()
    except (OSError, ValueError):  # It leads nowhere.
        return


def _lies_beside(row: SpeechModel) -> str:
    """Return where a checkpoint lies that was put beside the folders of the others; empty where there is none."""
    if row.install_path or installed(row):
        return ""
    return weights.lies_beside(settings.WEIGHTS_DIR, engine=row.store, model=row.key)


def _must_be_read(row: SpeechModel) -> bool:
    found = installed(row)
    if found:
        return found.is_changed
    return is_there(row)


def _refresh(row: SpeechModel, blame: str) -> bool:
    """Write what has changed of one row; return whether anything has."""
    if row.status == Status.BROKEN and row.install_path and _is_in_its_own_place(row):
        row.install_path = ""  # What somebody had put beside it was false; since then it was installed.
        row.save(update_fields=["install_path"])
    facts = _facts(row, blame)
    changed = {name: value for name, value in facts.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        SpeechModel.objects.filter(pk=row.pk).update(**changed)
    return bool(changed)


def _is_in_its_own_place(row: SpeechModel) -> bool:
    found = weights.find(settings.WEIGHTS_DIR, engine=row.store, model=row.key)
    return found is not None and not found.given_path


def _facts(row: SpeechModel, blame: str) -> dict[str, Any]:
    found = installed(row)
    if found is None:
        status, detail = _absent(row, blame)
        return {"status": status, "status_detail": detail[:500], "verified_at": None}
    status, detail = _present(found)
    facts: dict[str, Any] = {
        "status": status,
        "status_detail": detail,
        "verified_at": datetime.fromisoformat(found.verified_at) if found.verified_at else None,
    }
    return facts | (_facts_of_custom(row, found) if is_custom(row) else _facts_of_built(row, found))


def _absent(row: SpeechModel, blame: str) -> tuple[str, str]:
    if not is_there(row):
        return (Status.BROKEN, f"Nothing lies at {obtaining.place(row)}.") if row.install_path else (Status.ABSENT, "")
    if blame:
        return Status.BROKEN, blame
    if row.status == Status.BROKEN and row.status_detail:
        return Status.BROKEN, row.status_detail
    if row.status not in (Status.INSTALLED, Status.VERIFIED):
        return Status.ABSENT, UNCHECKED
    is_damaged = weights.is_manifest_damaged(settings.WEIGHTS_DIR, engine=row.store, model=row.key)
    return Status.BROKEN, NO_MANIFEST if is_damaged else CUT


def _present(found: Installed) -> tuple[str, str]:
    if found.is_changed:
        return Status.INSTALLED, CHANGED
    return (Status.VERIFIED, "") if found.verified_at else (Status.INSTALLED, AS_FOUND)


def _facts_of_custom(row: SpeechModel, found: Installed) -> dict[str, Any]:
    facts: dict[str, Any] = {"sha256": found.sha256, "size_bytes": found.size_bytes}
    if found.english_only and not row.languages:
        facts |= {"languages": ENGLISH, "translates": False}
    if row.memory_bytes is None:
        facts["memory_bytes"] = estimated_memory_bytes(found.size_bytes)
    return facts


def _facts_of_built(row: SpeechModel, found: Installed) -> dict[str, Any]:
    """Return what the catalogue cannot know of weights that were built here."""
    return {} if row.sha256 else {"sha256": found.sha256, "size_bytes": found.size_bytes}
