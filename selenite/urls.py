"""Addresses of the whole site."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from selenite.views import ChangePassword, SignIn, favicon

handler400 = "selenite.views.not_understood"
handler403 = "selenite.views.not_allowed"
handler404 = "selenite.views.not_found"
handler500 = "selenite.views.failure"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("transcripts.urls")),
    path("", include("sysinfo.urls")),
    path("", include("registry.urls")),
    path("settings/", include("preferences.urls")),
    path("sign-in/", SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("account/password/", ChangePassword.as_view(), name="password_change"),
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/logout/", LogoutView.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon),
]
