"""Changes of the text are edits too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transcripts", "0011_job_newest")]

    operations = [
        migrations.AlterField(
            model_name="edit",
            name="kind",
            field=models.CharField(
                choices=[
                    ("labelling", "Speakers identified"),
                    ("assign", "Speaker changed"),
                    ("rename", "Speaker renamed"),
                    ("merge", "Speakers merged"),
                    ("correct", "Text corrected"),
                    ("split", "Segment split"),
                    ("join", "Segments joined"),
                    ("delete", "Segment deleted"),
                    ("insert", "Segment added"),
                    ("retime", "Times changed"),
                    ("replace", "Text replaced"),
                    ("restore", "Earlier state restored"),
                    ("undo", "Undone"),
                ],
                max_length=16,
            ),
        ),
    ]
