"""The address of what can run here."""

from django.urls import path

from registry import views

app_name = "registry"
urlpatterns = [path("availability", views.available, name="available")]
