"""How fast jobs go here, from those that went before."""

from django.db.models import F

from transcripts.models import Job

RECENT = 10
"""So many jobs tell the pace: enough to even out, few enough to follow a change of the machine or its settings."""
LOOKED_AT = 50
"""So many are read to find those on the same device."""


def expected_pace(*, engine: str, model: str, device: str = "") -> float | None:
    """Return the seconds of work for a second of recording, None where nothing with this engine and model was completed.

    By the latest jobs on the same device; where there are none, or no device is given, by the latest on any. A long
    recording counts for more than a short one: all the work is divided by all the audio.
    """
    done = Job.objects.filter(state=Job.State.COMPLETED, engine=engine, model=model, kind=Job.Kind.WHOLE)
    done = done.filter(transcribing_seconds__gt=0, audio_seconds_done__gt=0).order_by(F("finished_at").desc())
    latest = list(done.values_list("provenance__device", "transcribing_seconds", "audio_seconds_done")[:LOOKED_AT])
    same = [job for job in latest if job[0] == device]
    chosen = (same or latest)[:RECENT]
    return sum(job[1] for job in chosen) / sum(job[2] for job in chosen) if chosen else None
