"""Addresses of the settings."""

from django.urls import path

from preferences import views

app_name = "settings"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("installation/", views.installation, name="installation"),
    path("<slug:name>/", views.section, name="section"),
]
