from django.apps import AppConfig


class SysinfoConfig(AppConfig):
    name = "sysinfo"
    verbose_name = "System information"
