"""Addresses of the whole site."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path

from selenite.views import ChangePassword, SignIn

admin.site.site_header = admin.site.site_title = "Selenite administration"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("transcripts.urls")),
    path("sign-in/", SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("account/password/", ChangePassword.as_view(), name="password_change"),
    path("admin/", admin.site.urls),
]
