
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Provider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=32, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-zA-Z0-9._-]*$', 'Use letters, digits, dots, dashes and underscores.')])),
                ('kind', models.CharField(choices=[('asr', 'Transcription'), ('diarizer', 'Speakers')], max_length=8)),
                ('name', models.CharField(max_length=64)),
                ('module', models.CharField(blank=True, help_text='Where `load` is, as a dotted path, for one that is not part of Selenite. Its code runs in the engine process.', max_length=200, verbose_name='Python module')),
                ('enabled', models.BooleanField(default=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=200, verbose_name='reason when disabled')),
                ('for_people', models.BooleanField(default=True, help_text='Otherwise only administrators may, and it is a fallback for nobody else.', verbose_name='people may choose it')),
                ('notes', models.TextField(blank=True)),
                ('position', models.PositiveSmallIntegerField(default=100, help_text='Lower ones are listed and tried first.')),
            ],
            options={
                'ordering': ['kind', 'position', 'key'],
            },
        ),
        migrations.CreateModel(
            name='SpeechModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store', models.CharField(editable=False, max_length=32)),
                ('key', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-zA-Z0-9._-]*$', 'Use letters, digits, dots, dashes and underscores.')])),
                ('name', models.CharField(max_length=64)),
                ('enabled', models.BooleanField(default=True)),
                ('disabled_reason', models.CharField(blank=True, max_length=200, verbose_name='reason when disabled')),
                ('for_people', models.BooleanField(default=True, help_text='Otherwise only administrators may, and it is a fallback for nobody else.', verbose_name='people may choose it')),
                ('install_path', models.CharField(blank=True, help_text='Where weights lie that were brought by hand: absolute, or inside the weights folder. Empty: in their own place.', max_length=500)),
                ('sources', models.JSONField(blank=True, default=list, editable=False)),
                ('size_bytes', models.PositiveBigIntegerField(default=0, editable=False)),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64, verbose_name='SHA-256')),
                ('licence', models.CharField(blank=True, max_length=64)),
                ('languages', models.CharField(blank=True, help_text='Codes such as “en de”, parted by spaces. Empty: all that Whisper knows.', max_length=500)),
                ('translates', models.BooleanField(default=True, verbose_name='can translate into English')),
                ('memory_bytes', models.PositiveBigIntegerField(blank=True, help_text='In bytes. Estimated until it is measured here.', null=True, verbose_name='memory needed')),
                ('memory_is_measured', models.BooleanField(default=False, editable=False)),
                ('speed', models.FloatField(blank=True, editable=False, null=True, verbose_name='measured speed here')),
                ('measured_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('status', models.CharField(choices=[('absent', 'Not installed'), ('installed', 'Installed'), ('verified', 'Verified'), ('broken', 'Broken')], default='absent', editable=False, max_length=10)),
                ('status_detail', models.CharField(blank=True, editable=False, max_length=500)),
                ('verified_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last verified')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='speech_models', to='registry.provider')),
            ],
            options={
                'verbose_name': 'speech model',
                'ordering': ['provider', 'size_bytes', 'key'],
            },
        ),
        migrations.CreateModel(
            name='Work',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('install', 'Install'), ('verify', 'Verify'), ('measure', 'Measure')], max_length=8)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10)),
                ('stop_requested', models.BooleanField(default=False)),
                ('step', models.CharField(blank=True, max_length=200)),
                ('done_bytes', models.PositiveBigIntegerField(default=0)),
                ('total_bytes', models.PositiveBigIntegerField(default=0)),
                ('message', models.CharField(blank=True, max_length=1000)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('lease_expires_at', models.DateTimeField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='works', to='registry.speechmodel')),
            ],
            options={
                'verbose_name_plural': 'works',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='speechmodel',
            constraint=models.UniqueConstraint(fields=('store', 'key'), name='speech_model_place'),
        ),
        migrations.AddConstraint(
            model_name='work',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('queued', 'running'))), fields=('model', 'kind'), name='one_unfinished_work'),
        ),
    ]
