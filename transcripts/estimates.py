"""How fast jobs go here, from those that went before."""

from django.db.models import F

from transcripts.makers import MADE_BY
from transcripts.models import Job, Labelling

RECENT = 10
"""So many jobs tell the pace: enough to even out, few enough to follow a change of the machine or its settings."""
LOOKED_AT = 50
"""So many are read to find those on the same device."""
USUAL_IDENTIFYING_PACE = 0.06
"""Seconds for a second of recording: pyannote on two cores (2026-11-22)."""
USUAL_SHARE = 0.2
"""Of a job of which nothing is known: identifying took a quarter as long as transcribing with base on two cores (2026-11-22)."""
MOST_SHARE = 0.9


def expected_pace(*, engine: str, model: str, device: str = "") -> float | None:
    """Return the seconds of work for a second of recording, None where nothing with this engine and model was completed.

    By the latest jobs on the same device; where there are none, or no device is given, by the latest on any. A long
    recording counts for more than a short one: all the work is divided by all the audio.
    """
    done = Job.objects.filter(state=Job.State.COMPLETED, engine=engine, model=model, kind=Job.Kind.WHOLE)
    done = done.filter(transcribing_seconds__gt=0, audio_seconds_done__gt=0).order_by(F("finished_at").desc())
    done = done.exclude(provenance__has_key=MADE_BY)  # It tells the pace of none of those that made it.
    latest = list(done.values_list("provenance__device", "transcribing_seconds", "audio_seconds_done")[:LOOKED_AT])
    same = [job for job in latest if job[0] == device]
    chosen = (same or latest)[:RECENT]
    return sum(job[1] for job in chosen) / sum(job[2] for job in chosen) if chosen else None


def identifying_pace(diarizer: str = "") -> float:
    """Return the seconds that identifying speakers takes for a second of recording, by what this diarizer did here lately.

    Without a name it is the one that was used last. Where nothing is known it is what two cores took, see `docs/speakers.md`.
    """
    rows = Labelling.objects.order_by("-created_at").values_list("provenance", flat=True)[:LOOKED_AT]
    made = [row for row in rows if row.get("seconds") and row.get("audio_seconds")]
    name = diarizer or (made[0]["diarizer"] if made else "")
    chosen = [row for row in made if row["diarizer"] == name][:RECENT]
    if not chosen:
        return USUAL_IDENTIFYING_PACE
    return float(sum(row["seconds"] for row in chosen) / sum(row["audio_seconds"] for row in chosen))


def share_of_identifying(pace: float | None, *, diarizer: str = "") -> float:
    """Return how much of a job's work is to identify the speakers, where transcribing goes at this pace, if it is known."""
    if pace is None:
        return USUAL_SHARE
    identifying = identifying_pace(diarizer)
    return min(MOST_SHARE, identifying / (identifying + pace))
