"""Addresses of the system's pages, and of the one for monitors."""

from django.urls import path

from sysinfo import views

app_name = "sysinfo"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("system/info", views.info, name="info"),
    path("system/info/detect", views.detect, name="detect"),
    path("system/checks", views.checks, name="checks"),
    path("system/logs", views.logs, name="logs"),
    path("system/logs/file", views.log, name="log"),
]
