"""Addresses of the system's pages, and of the one for monitors."""

from django.urls import path

from sysinfo.views import checks, logs, machine, server

app_name = "sysinfo"
urlpatterns = [
    path("healthz", checks.healthz, name="healthz"),
    path("system/info", machine.info, name="info"),
    path("system/info/detect", machine.detect, name="detect"),
    path("system/info/measure", machine.measure, name="measure"),
    path("system/info/measure/cancel", machine.cancel_measuring, name="cancel-measuring"),
    path("system/info/defaults", machine.accept, name="accept-defaults"),
    path("system/info/defaults/undo", machine.undo, name="undo-defaults"),
    path("system/checks", checks.checks, name="checks"),
    path("system/logs", logs.logs, name="logs"),
    path("system/logs/file", logs.log, name="log"),
    path("server/restart", server.restart, name="restart"),
    path("server/shutdown", server.shutdown, name="shutdown"),
    path("server/standing", server.standing, name="standing"),
]
