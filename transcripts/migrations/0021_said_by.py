from django.db import migrations
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import MD5, Concat, Substr

# Anew and at once: an index that follows row by row takes several times as long, and PostgreSQL keeps the old rows' room.
WITHOUT = {
    "sqlite": ("DROP TRIGGER transcripts_searchentry_changed",),
    "postgresql": ("ALTER TABLE transcripts_searchentry DROP COLUMN vector",),
}
WITH = {
    "sqlite": (
        "INSERT INTO transcripts_searchwords(transcripts_searchwords) VALUES ('rebuild')",
        """
        CREATE TRIGGER transcripts_searchentry_changed AFTER UPDATE ON transcripts_searchentry BEGIN
            INSERT INTO transcripts_searchwords(transcripts_searchwords, rowid, words, scope)
            VALUES ('delete', old.id, old.words, old.scope);
            INSERT INTO transcripts_searchwords(rowid, words, scope) VALUES (new.id, new.words, new.scope);
        END
        """,
    ),
    "postgresql": (
        # Else the rows that have changed come after all others, and to read them in order takes twice as long.
        "CLUSTER transcripts_searchentry USING transcripts_searchentry_pkey",
        """
        ALTER TABLE transcripts_searchentry
        ADD COLUMN vector tsvector GENERATED ALWAYS AS (transcripts_searchvector(words, scope)) STORED
        """,
        "CREATE INDEX transcripts_searchentry_vector ON transcripts_searchentry USING gin (vector) WITH (fastupdate = off)",
    ),
}


def fill(apps, schema_editor):
    """Have what is said found by the names of those who say it, as `transcripts.search.index.scope` has it."""
    SearchEntry, Segment = (apps.get_model("transcripts", name) for name in ("SearchEntry", "Segment"))
    said = SearchEntry.objects.filter(segment__speaker__name__gt="").exclude(scope__contains=" s")
    name = Segment.objects.filter(pk=OuterRef("segment")).values("speaker__name")
    word = Concat(Value(" s"), Substr(MD5(Subquery(name)), 1, 12))
    vendor = schema_editor.connection.vendor
    with schema_editor.connection.cursor() as cursor:
        for statement in WITHOUT[vendor]:
            cursor.execute(statement)
        said.update(scope=Concat(F("scope"), word))
        for statement in WITH[vendor]:
            cursor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('transcripts', '0020_speaker_names'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
