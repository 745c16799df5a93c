"""Whether the weights that a job is about to load are still what was verified."""

import logging
from dataclasses import dataclass

from django.conf import settings

from registry import scan
from registry.known import installed
from registry.models import SpeechModel
from speech.types import EngineError, Json
from speech.weighing import CODE
from transcripts.engine import EngineHost
from transcripts.held import Held, Stopped

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Sound(Held):
    """A job with the engine process that works for it."""

    engine: EngineHost

    def _is_sound(self, store: str, key: str, *, unloadable: str = "") -> bool:
        """Return whether weights can be loaded as they were verified; where not, the registry says why from then on.

        Only what was written since is read, in full. `unloadable` is why they could not be loaded a moment ago: they are read in any
        case then, and are broken too where nobody knows what they must be. Raises Stopped.
        """
        row = self._persist(lambda: SpeechModel.objects.filter(store=store, key=key).first())
        if row is None:
            return True
        found = installed(row)
        if found and not (found.is_changed or unloadable):
            return True
        damage = self._damage(row) if found else ""
        self._persist(lambda: scan.refresh(row, blame=damage))
        if found and not damage:
            is_given_up = bool(unloadable) and self._persist(lambda: scan.give_up(row, unloadable))
            return not is_given_up
        log.warning("job %s: %s is not what was verified: %s", self.job.pk, row, damage or "it is gone")
        return False

    def _was_brought(self, store: str, key: str) -> bool:
        """Return whether somebody brought these weights, so that nobody knows what they must be."""
        row = self._persist(lambda: SpeechModel.objects.filter(store=store, key=key).first())
        return row is not None and scan.is_custom(row)

    def _damage(self, row: SpeechModel) -> str:
        """Have weights read and return what is wrong with them, as a sentence; empty where nothing is, or nobody can tell."""
        log.info("job %s: %s is verified first", self.job.pk, row)
        place = {"folder": str(settings.WEIGHTS_DIR), "path": row.install_path}
        try:
            reply = self.engine.request(
                "verify", on_message=_ignore, stop_wish=self._stop_wish, engine=row.store, model=row.key, **place
            )
        except EngineError as err:
            return err.message if err.code == CODE else ""
        if reply["type"] == "stopped":
            raise Stopped(self.should_stop() or self.wish)
        return ""


def _ignore(message: Json) -> None:
    return
