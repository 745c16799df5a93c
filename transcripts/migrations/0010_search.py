import django.db.models.deletion
from django.db import migrations, models

from transcripts.search.index import scope
from transcripts.search.words import indexed

SQLITE = (
    # The words are cut and folded already: all that is left to do is to split them at the spaces.
    """
    CREATE VIRTUAL TABLE transcripts_searchwords USING fts5(
        words, scope, content='transcripts_searchentry', content_rowid='id', tokenize='ascii', prefix='2 3'
    )
    """,
    """
    CREATE TRIGGER transcripts_searchentry_added AFTER INSERT ON transcripts_searchentry BEGIN
        INSERT INTO transcripts_searchwords(rowid, words, scope) VALUES (new.id, new.words, new.scope);
    END
    """,
    """
    CREATE TRIGGER transcripts_searchentry_gone AFTER DELETE ON transcripts_searchentry BEGIN
        INSERT INTO transcripts_searchwords(transcripts_searchwords, rowid, words, scope)
        VALUES ('delete', old.id, old.words, old.scope);
    END
    """,
    """
    CREATE TRIGGER transcripts_searchentry_changed AFTER UPDATE ON transcripts_searchentry BEGIN
        INSERT INTO transcripts_searchwords(transcripts_searchwords, rowid, words, scope)
        VALUES ('delete', old.id, old.words, old.scope);
        INSERT INTO transcripts_searchwords(rowid, words, scope) VALUES (new.id, new.words, new.scope);
    END
    """,
)
POSTGRES = (
    # Not to_tsvector(): its parser would cut the words anew, by the locale of the database. A word of the scope has a colon before it.
    r"""
    CREATE FUNCTION transcripts_searchvector(words text, scope text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT coalesce(string_agg(quote_literal(word) || ':' || least(place, 16383), ' '), '')::tsvector
        FROM (
            SELECT word, place FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS spoken(word, place)
            UNION ALL
            SELECT ':' || word, 16383 FROM unnest(string_to_array(scope, ' ')) AS narrowed(word)
        ) AS all_words
        WHERE word <> ''
    $$
    """,
    """
    ALTER TABLE transcripts_searchentry
    ADD COLUMN vector tsvector GENERATED ALWAYS AS (transcripts_searchvector(words, scope)) STORED
    """,
    # What is written is in the index at once: a list of what is still to come would be read through by each search.
    "CREATE INDEX transcripts_searchentry_vector ON transcripts_searchentry USING gin (vector) WITH (fastupdate = off)",
)
ROWS_AT_ONCE = 500


def make_full_text(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRES}[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop_full_text(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("added", "gone", "changed"):
            schema_editor.execute(f"DROP TRIGGER transcripts_searchentry_{name}")
        schema_editor.execute("DROP TABLE transcripts_searchwords")
    else:
        schema_editor.execute("ALTER TABLE transcripts_searchentry DROP COLUMN vector")
        schema_editor.execute("DROP FUNCTION transcripts_searchvector(text, text)")


def fill(apps, schema_editor):
    """Have all that is there found: about a minute for a million segments."""
    Recording, SearchEntry = (apps.get_model("transcripts", name) for name in ("Recording", "SearchEntry"))
    entries = []
    for recording in Recording.objects.only("pk", "owner_id", "title", "shown_job_id").iterator():
        where = scope(recording.owner_id, recording.pk)
        texts = [(None, recording.title), *_texts(apps, recording)]
        found = [(segment, indexed(text)) for segment, text in texts]
        entries += [
            SearchEntry(recording_id=recording.pk, segment_id=segment, words=words, scope=where)
            for segment, words in found
            if words
        ]
        if len(entries) >= ROWS_AT_ONCE:
            SearchEntry.objects.bulk_create(entries, batch_size=ROWS_AT_ONCE)
            entries = []
    SearchEntry.objects.bulk_create(entries, batch_size=ROWS_AT_ONCE)


def _texts(apps, recording):
    Job, Segment = (apps.get_model("transcripts", name) for name in ("Job", "Segment"))
    job = recording.shown_job_id
    if job is None:
        with_words = Segment.objects.filter(job=models.OuterRef("pk")).exclude(text="")
        jobs = Job.objects.filter(models.Exists(with_words), recording=recording.pk, kind="whole")
        job = jobs.order_by("-created_at", "id").values_list("pk", flat=True).first()
    segments = Segment.objects.filter(job=job).exclude(text="").order_by("start", "piece", "index", "part")
    return segments.values_list("pk", "text")


class Migration(migrations.Migration):

    dependencies = [
        ('transcripts', '0009_notes'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.TextField()),
                ('scope', models.CharField(max_length=40)),
                ('recording', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='transcripts.recording')),
                ('segment', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='entry', to='transcripts.segment')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.RunPython(make_full_text, drop_full_text),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
