"""Django's administration in this house: our look, our sign-in, and nothing of the queue's inner tables."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "selenite.administration.Administration"

    def ready(self) -> None:
        """Put our list of people in the place of Django's, and take out what django-q2 brings.

        The rows of that are no jobs, and changing one would only confuse its cluster.
        """
        super().ready()
        _put_our_people()
        for model in apps.get_app_config("django_q").get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)


def _put_our_people() -> None:
    from django.contrib.auth.models import User

    from selenite.people import PeopleAdmin

    admin.site.unregister(User)
    admin.site.register(User, PeopleAdmin)
