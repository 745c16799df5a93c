import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def _run() -> str:
    output = StringIO()
    call_command("createadmin", stdout=output)
    return output.getvalue()


def test_createadmin_prints_a_password_that_signs_in():
    found = re.search(r"name +(\S+)\n +password +(\S+)\n", _run())
    user = authenticate(username=found[1], password=found[2])
    assert (user.username, user.is_superuser, user.is_staff) == ("admin", True, True)


def test_createadmin_makes_a_password_of_its_own_each_time():
    first = _run()
    User.objects.all().delete()
    assert _run() != first


def test_createadmin_does_nothing_where_an_administrator_exists():
    boss = User.objects.create_superuser("boss", password="kept")
    assert _run() == ""
    assert list(User.objects.values_list("username", "password")) == [("boss", boss.password)]


def test_createadmin_leaves_a_person_of_that_name_alone():
    User.objects.create_user("admin")
    with pytest.raises(CommandError, match="no administrator"):
        _run()
    assert User.objects.get().is_superuser is False
