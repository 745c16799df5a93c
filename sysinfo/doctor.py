"""Everything that can be wrong with an installation, each with how to put it right."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.db import DatabaseError

from preferences.choices import LANGUAGES, label_of
from registry import automatic, obtaining, prepared, resolver, scan, terminal
from registry import known as tables
from registry.models import SpeechModel
from speech import client
from speech.types import EngineError
from sysinfo import detection, health
from sysinfo.health import Check, State
from sysinfo.probes import memory
from sysinfo.probing import find
from sysinfo.report import Lasting, has_card, look_closely, look_quickly
from sysinfo.wording import gigabytes
from transcripts import alarms, mounts

LEAST_MEMORY = 3_500_000_000
"""What a machine that is sold with 4 GB has left after its firmware."""
COLLECTED = "css/base.css"
"""A file that each page asks for."""

LET_READ = "Make {} readable for the user that Selenite runs as."
GIVE_BACK = "Make it writable for the user that Selenite runs as."
COLLECT = f"Run: {terminal.manage('collectstatic --no-input')}"
DRIVER = "Install or repair the driver of the card. Until then the processor does the work, which is slower."
REPLACE = "Save what is on it now, then replace it."
CUDA = (
    "Install the libraries for the card (see the README), or ignore this: the processor does the work, which is slower."
)

ALLOW_SECCOMP = (
    "Their libraries are told to call nobody. To be certain, run Selenite on Linux, where the container or service lets "
    "programs set a seccomp filter, or give it no network."
)

ANOTHER_PAIR = "Choose another model or another language in the settings of the installation."
VERIFY = f"Verify it, in the list of models or by: {terminal.manage('weights verify')}"
LOOK_AT_LOG = "Look at the log: the engine says there why it does not start."

OF_TABLES = ("model", "weights", "speakers")
"""Examinations that ask the tables alone. That of the service also finds out whether the database is away."""

Examination = Callable[[], Iterator[Check]]


def examine(lasting: Lasting | None = None) -> list[Check]:
    """Look at everything, without ever raising. `lasting` is what is known of the machine, else it is looked at quickly.

    Where the database is away or not prepared, that alone is told of it, and nothing that would be in it.
    """
    known = lasting or detection.found() or look_quickly()
    told_of_tables = _examined("migrations", _migrations)
    examinations: dict[str, Examination] = {
        "service": lambda: _service(are_tables_there=told_of_tables[0].state == State.OK),
        "settings": _settings,
        "migrations": lambda: iter(told_of_tables),
        "folders": _folders,
        "pages": _pages,
        "model": _model,
        "weights": _weights,
        "speakers": _speakers,
        "memory": _memory,
        "network": _network,
        "health": lambda: _health(known),
        "graphics": lambda: _graphics(known),
    }
    hindered = _hindered(told_of_tables[0].state)
    return [check for name, one in examinations.items() if name not in hindered for check in _examined(name, one)]


def _hindered(tables: State) -> tuple[str, ...]:
    """Return which examinations would find out nothing, by how it stands with the tables."""
    if tables == State.OK:
        return ()
    return ("service", *OF_TABLES) if tables == State.DOWN else OF_TABLES


def look_closely_at_cards() -> Lasting:
    """Look at the machine, and have the libraries try its cards where it has any."""
    found = look_quickly()
    return look_closely() if has_card(found) else found


def _examined(name: str, examination: Examination) -> list[Check]:
    found = find(lambda: list(examination()))
    if found.value is None:
        return [Check(name, name.capitalize(), State.DEGRADED, found.reason, "The log has more.")]
    return found.value


def _service(*, are_tables_there: bool) -> Iterator[Check]:
    """Look anew at what each page tells from a few seconds ago: whoever opens the checks has often just mended something."""
    if are_tables_there:
        scan.refresh()
    alarms.forget()
    yield from health.look()


def _settings() -> Iterator[Check]:
    """Look at what the system checks say, which know every setting that could lose a job."""
    problems = checks.run_checks(tags=["selenite"])
    for problem in problems:
        state = State.DOWN if problem.level >= checks.ERROR else State.NOTICE
        yield Check("settings", "Settings", state, f"{problem.msg} ({problem.id})", problem.hint or "")
    if settings.DEBUG:
        yield Check(
            "settings", "Settings", State.NOTICE, "Errors are shown with their source.", "Unset SELENITE_DEBUG."
        )
    elif not problems:
        yield Check("settings", "Settings", State.OK, "None of them could lose a job.")


def _migrations() -> Iterator[Check]:
    check = ("migrations", "Tables")
    try:
        found = prepared.lack()
    except DatabaseError:
        yield Check(*check, State.DEGRADED, health.UNSEEN)
        return
    if found:
        yield Check(*check, State.DOWN, found.sentence, found.remedy)
    else:
        yield Check(*check, State.OK, "The database is prepared for this version.")


def _folders() -> Iterator[Check]:
    """Look at whether what is written can be. The weights may be another user's: only installing needs more."""
    needed = {"data": settings.DATA_DIR, "work": settings.WORK_DIR, "log": settings.LOG_DIR}
    closed = [(name, path) for name, path in needed.items() if not _is_open(path)]
    for name, path in closed:
        yield Check("folders", "Folders", State.DEGRADED, f"The {name} folder cannot be written to: {path}.", GIVE_BACK)
    if not _is_open(settings.WEIGHTS_DIR):
        sentence = f"No weights can be installed: {settings.WEIGHTS_DIR} cannot be written to."
        yield Check("folders", "Folders", State.NOTICE, sentence, GIVE_BACK)
    elif not closed:
        yield Check("folders", "Folders", State.OK, "All of them can be written to.")


def _is_open(path: Path) -> bool:
    """Return whether files can be made in a folder, or it can be made."""
    folder = mounts.existing(path)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _pages() -> Iterator[Check]:
    try:
        staticfiles_storage.url(COLLECTED)
    except ValueError:
        yield Check("pages", "Pages", State.DOWN, "Their style sheets and scripts are not collected.", COLLECT)
    except OSError as err:
        sentence = f"The list of their style sheets and scripts cannot be read ({err.strerror})."
        yield Check("pages", "Pages", State.DOWN, sentence, LET_READ.format(settings.STATIC_ROOT))
    else:
        yield Check("pages", "Pages", State.OK, "Their style sheets and scripts are there.")


def _model() -> Iterator[Check]:
    """Look at what a job gets where nobody chose. That nothing runs is said by the check of the weights."""
    known = tables.load()
    language = known.settings.default_language
    if clash := resolver.clash(known, known.default, language):
        sentence = f"{clash} New recordings are expected in {label_of(LANGUAGES, language)}."
        yield Check("model", "Model", State.NOTICE, sentence, ANOTHER_PAIR)
        return
    found = automatic.find(known)
    if found.taken is None:
        return
    sentence = f"Jobs are transcribed with {', '.join(found.taken)}."
    if found.hindrance is None:
        yield Check("model", "Model", State.OK, sentence)
        return
    reason = found.consequence if found.is_fetched else found.hindrance.sentence
    yield Check("model", "Model", State.NOTICE, f"{sentence} {reason}", found.remedy, found.is_gone)


def _weights() -> Iterator[Check]:
    """Look at the weights that are not what they were. Of a default that is broken the check of the service tells."""
    scan.refresh()
    known = tables.load()
    for row in known.models.values():
        is_broken = row.status == SpeechModel.Status.BROKEN
        is_told = is_broken and (row.store, row.key) == known.default
        if row.enabled and not is_told and (is_broken or row.status_detail == scan.CHANGED):
            words = "is broken: " if is_broken else "may not be what was installed. "
            remedy = obtaining.remedy(row) if is_broken else VERIFY
            yield Check("weights", "Weights", State.NOTICE, f"{row} {words}{row.status_detail}", remedy)


def _speakers() -> Iterator[Check]:
    check = ("speakers", "Speakers")
    found = automatic.find_diarizer(tables.load())
    if not found.taken:
        sentence, _, command = found.nothing.partition(" Run: ")
        yield Check(*check, State.NOTICE, f"Texts have no speakers. {sentence}", f"Run: {command}" if command else "")
        return
    sentence = f"They are told apart by {found.taken}."
    if found.hindrance is None:
        yield Check(*check, State.OK, sentence)
        return
    sentence = f"{sentence} {found.hindrance.sentence} {found.consequence}"
    yield Check(*check, State.NOTICE, sentence, found.remedy)


def _memory() -> Iterator[Check]:
    found = memory.probe()
    usable = found.limit_bytes or found.total_bytes
    if usable < LEAST_MEMORY:
        sentence = f"There are {gigabytes(usable)} of memory; Selenite needs 4 GB."
        yield Check("memory", "Memory", State.NOTICE, sentence, "Use small models only, or add memory.")
    else:
        yield Check("memory", "Memory", State.OK, f"There are {gigabytes(usable)}.")


def _network() -> Iterator[Check]:
    """Look at whether the system keeps the processes that hear recordings from every network."""
    check = ("network", "Network")
    try:
        reason = client.reason_for_network()
    except EngineError:
        yield Check(*check, State.NOTICE, "Whether engine processes reach a network is not known.", LOOK_AT_LOG)
        return
    if reason:
        sentence = f"The processes that hear recordings are not cut off from the network: {reason}."
        yield Check(*check, State.NOTICE, sentence, ALLOW_SECCOMP)
    else:
        yield Check(*check, State.OK, "The system keeps the processes that hear recordings from the network.")


def _health(known: Lasting) -> Iterator[Check]:
    """Look at what the disks say of themselves. Virtual ones say nothing, and there is nothing to say of that."""
    check, found = ("health", "Disk health"), known.disk_health.value or ()
    failing = [health.disk for health in found if health.is_good is False]
    if failing:
        yield Check(*check, State.DEGRADED, f"Disk {' and '.join(failing)} says that it is failing.", REPLACE)
    elif good := [health.disk for health in found if health.is_good]:
        yield Check(*check, State.OK, f"Disk {' and '.join(good)} says that it is good.")


def _graphics(known: Lasting) -> Iterator[Check]:
    """Look at whether a card that is there is used."""
    check, found = ("graphics", "Graphics card"), known.graphics
    if found.value is None:
        yield Check(*check, State.NOTICE, found.reason, DRIVER)
    elif found.value.problem:
        yield Check(*check, State.NOTICE, found.value.problem, DRIVER)
    elif not found.value.cards:
        yield Check(*check, State.OK, "There is none: the processor does the work.")
    elif known.libraries.value is None:
        yield Check(
            *check, State.NOTICE, "Whether it can be used is not known.", "Press “Detect” on the page “Machine”."
        )
    else:
        idle = [library.name for library in known.libraries.value if not library.cards]
        cards = ", ".join(card.name for card in found.value.cards)
        if idle:
            yield Check(*check, State.NOTICE, f"{' and '.join(idle)} cannot use {cards}.", CUDA)
        else:
            yield Check(*check, State.OK, f"{cards} can be used.")
