from django.db import migrations, models
from django.db.models.functions import Now


def decide(apps, schema_editor):
    """Take what is in use now as decided: nobody is asked about choices of long ago."""
    apps.get_model("transcripts", "Recording").objects.exclude(shown_job=None).update(shown_since=Now())


class Migration(migrations.Migration):
    dependencies = [("transcripts", "0021_said_by")]

    operations = [
        migrations.AddField("recording", "shown_since", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(decide, migrations.RunPython.noop),
    ]
