"""Give a new installation somebody who can sign in."""

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from registry import terminal
from registry.management.prepared import PreparedCommand

NAME = "admin"
PASSWORD_BYTES = 15
"""120 random bits, written as 20 characters."""


class Command(PreparedCommand):
    help = "Make an administrator with a random password and print both once. Does nothing where there is one already."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        if User.objects.filter(username=NAME).exists():
            raise CommandError(
                f'"{NAME}" exists and is no administrator. Make one by `{terminal.manage("createsuperuser")}`.'
            )
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        User.objects.create_superuser(NAME, password=password)
        self.stdout.write(
            f"\nMade an administrator. This is shown only once:\n\n  name      {NAME}\n  password  {password}\n"
        )
        self.stdout.write(f"Change the password by `{terminal.manage('changepassword admin')}` or in the pages.\n\n")
