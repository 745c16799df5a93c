"""Which suggestion an edit accepts, and which state one restores."""

import django.db.models.deletion
from django.db import migrations, models


def fill(apps, schema_editor):
    """Note what is known of earlier edits. To which point one restored is not: suggestions before it are to be decided again."""
    Edit, Job = apps.get_model("transcripts", "Edit"), apps.get_model("transcripts", "Job")
    Edit.objects.filter(kind="restore").update(point=0)
    for job, edit in Job.objects.exclude(accepted_as=None).values_list("pk", "accepted_as"):
        Edit.objects.filter(pk=edit).update(accepts=job)


class Migration(migrations.Migration):

    dependencies = [
        ('transcripts', '0017_stretches'),
    ]

    operations = [
        migrations.AddField(
            model_name='edit',
            name='accepts',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='transcripts.job'),
        ),
        migrations.AddField(
            model_name='edit',
            name='point',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
