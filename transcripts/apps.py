from django.apps import AppConfig


class TranscriptsConfig(AppConfig):
    name = "transcripts"
    verbose_name = "Transcripts"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from preferences.models import Settings
        from preferences.site import read_along
        from registry.changes import runnable_changed
        from transcripts import alarms, checks, choices, context, recheck  # noqa: F401 - The checks register themselves.

        choices.hand_over()
        runnable_changed.connect(recheck.on_change)
        runnable_changed.connect(alarms.on_change)
        post_save.connect(alarms.on_change, sender=Settings)
        read_along(context.counts_for)
