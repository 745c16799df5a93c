from django.db import migrations, models

from transcripts.folding import folded

BATCH = 1000


def fill(apps, schema_editor):
    recordings = apps.get_model("transcripts", "Recording").objects
    batch = []
    for recording in recordings.only("title", "original_filename").iterator(BATCH):
        recording.found_by = f"{folded(recording.title)}\n{folded(recording.original_filename)}"
        batch.append(recording)
        if len(batch) == BATCH:
            recordings.bulk_update(batch, ["found_by"])
            batch.clear()
    recordings.bulk_update(batch, ["found_by"])


class Migration(migrations.Migration):
    dependencies = [("transcripts", "0022_shown_since")]

    operations = [
        migrations.RemoveIndex("recording", name="transcripts_owner_i_b446c4_idx"),
        migrations.AddIndex(
            "recording", models.Index(fields=["owner", "-created_at", "id"], name="recording_newest_of_owner")
        ),
        migrations.AddIndex("recording", models.Index(fields=["-created_at", "id"], name="recording_newest")),
        migrations.AddField("recording", "found_by", models.TextField(default="", editable=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
