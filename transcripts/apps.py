from django.apps import AppConfig


class TranscriptsConfig(AppConfig):
    name = "transcripts"
    verbose_name = "Transcripts"

    def ready(self) -> None:
        from preferences.site import read_along
        from transcripts import checks, choices, context  # noqa: F401 - The checks register themselves.

        choices.hand_over()
        read_along(context.counts_for)
