"""Who is signed in, with what they have set."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User


class Backend(ModelBackend):
    """Django's, which brings a person's defaults with the person: each page needs them, and so none of them costs a query more."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("defaults").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
