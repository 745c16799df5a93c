from django.apps import AppConfig


class TranscriptsConfig(AppConfig):
    name = "transcripts"
    verbose_name = "Transcripts"

    def ready(self) -> None:
        from preferences.site import read_along
        from registry.changes import runnable_changed
        from transcripts import alarms, checks, choices, context, recheck  # noqa: F401 - The checks register themselves.

        choices.hand_over()
        runnable_changed.connect(recheck.on_change)
        runnable_changed.connect(alarms.on_change)
        read_along(context.counts_for)
