from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    name = "preferences"
    label = "settings"
    verbose_name = "Settings and defaults"
