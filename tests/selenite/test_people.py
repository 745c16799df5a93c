"""The accounts in the administration: what the rights mean, and who can be deleted."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils.html import strip_tags

from preferences.models import UserDefaults
from tags.models import Tag
from tests.conftest import MakeRecording
from transcripts.models import Edit, Job, Recording, Rule
from transcripts.models.notes import SavedFilter


@pytest.fixture
def superuser_client(carol: User) -> Client:
    User.objects.filter(pk=carol.pk).update(is_superuser=True)
    client = Client()
    client.force_login(carol)
    return client


def _told(text: str) -> str:
    """Return what a page says, without its marks."""
    return re.sub(r"\s+", " ", strip_tags(text))


def _delete(client: Client, *people: User, **more: str):
    data = {"action": "delete_selected", "_selected_action": [str(person.pk) for person in people], **more}
    return client.post("/admin/auth/user/", data, follow=True)


@pytest.mark.parametrize("confirmed", [False, True])
def test_account_with_recordings_says_what_to_do_instead_of_being_deleted(
    superuser_client: Client, alice: User, make_recording: MakeRecording, confirmed: bool
):
    make_recording(owner=alice)
    make_recording(owner=alice)
    address = f"/admin/auth/user/{alice.pk}/delete/"
    response = superuser_client.post(address, {"post": "yes"}) if confirmed else superuser_client.get(address)
    assert response.status_code == 200
    assert (
        "alice still has 2 recordings: delete them first, or untick Active: then nobody can sign in by this name any more, "
        "and everything stays." in _told(response.text)
    )
    assert 'href="/?owner=alice"' in response.text
    assert f'href="/admin/auth/user/{alice.pk}/change/"' in response.text
    assert "permission" not in _told(response.text)
    assert User.objects.filter(pk=alice.pk).exists()
    assert Recording.objects.count() == 2


def test_list_deletes_nobody_where_somebody_has_recordings(
    superuser_client: Client, alice: User, bob: User, make_recording: MakeRecording
):
    make_recording(owner=alice)
    for more in ({}, {"post": "yes"}):
        text = _delete(superuser_client, alice, bob, **more).text
        assert "alice still has 1 recording: delete them first" in _told(text)
        assert "bob still has" not in text
        assert "Nobody was deleted." in text
        assert 'href="/?owner=alice"' in text
    assert User.objects.filter(pk__in=[alice.pk, bob.pk]).count() == 2


def _give_all_but_recordings(person: User, job: Job) -> Edit:
    """Give somebody of everything that hangs on an account, and have them correct somebody else's recording."""
    Tag.objects.create(owner=person, name="mine")
    SavedFilter.objects.create(owner=person, name="mine", query="q=x")
    Rule.objects.create(owner=person, find="a", replacement="b")
    UserDefaults.objects.get_or_create(user=person)
    return Edit.objects.create(job=job, author=person, kind=Edit.Kind.RENAME, before={}, after={})


@pytest.mark.parametrize("in_list", [False, True])
def test_account_without_recordings_is_deleted_and_its_corrections_stay(
    superuser_client: Client, alice: User, bob: User, make_job, make_recording, in_list: bool
):
    edit = _give_all_but_recordings(bob, make_job(owner=alice))
    if in_list:
        assert "Are you sure you want to delete the selected user?" in _told(_delete(superuser_client, bob).text)
        _delete(superuser_client, bob, post="yes")
    else:
        address = f"/admin/auth/user/{bob.pk}/delete/"
        assert "Are you sure" in superuser_client.get(address).text
        assert superuser_client.post(address, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="bob").exists()
    assert (Tag.objects.count(), SavedFilter.objects.count(), Rule.objects.count()) == (0, 0, 0)
    edit.refresh_from_db()
    assert edit.author is None
    assert Job.objects.count() == 1


def test_who_may_not_delete_people_is_offered_nothing(carol: User, carol_client: Client, bob: User):
    carol.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    assert carol_client.get(f"/admin/auth/user/{bob.pk}/delete/").status_code == 403
    assert "delete_selected" not in carol_client.get("/admin/auth/user/").text
    _delete(carol_client, bob, post="yes")
    assert User.objects.filter(pk=bob.pk).exists()


def test_recordings_of_one_owner_are_listed_and_deleted_by_staff(
    superuser_client: Client, alice: User, bob: User, make_job, make_recording
):
    for owner, title in ((alice, "hers"), (bob, "his")):
        job = make_job(make_recording(owner=owner), owner=owner, state=Job.State.COMPLETED)
        Recording.objects.filter(pk=job.recording_id).update(title=title)
    text = superuser_client.get("/?owner=alice").text
    assert "hers" in text
    assert ">his<" not in text
    assert '<input type="hidden" name="owner" value="alice">' in text
    everything = {"action": "delete", "everything": "1", "owner": "alice"}
    ids = re.findall(r'name="ids" value="([^"]*)"', superuser_client.post("/recordings/selected", everything).text)
    superuser_client.post("/recordings/selected", {"action": "delete", "confirmed": "1", "ids": ids[0]})
    assert list(Recording.objects.values_list("title", flat=True)) == ["his"]


def test_owner_lets_nobody_see_what_is_not_theirs(alice: User, bob_client: Client, make_job):
    Recording.objects.filter(pk=make_job(owner=alice).recording_id).update(title="hers")
    text = bob_client.get("/?owner=alice").text
    assert "No recording matches." in text
    assert "hers" not in text


def test_boxes_say_what_the_rights_mean_here(superuser_client: Client, alice: User):
    told = _told(superuser_client.get(f"/admin/auth/user/{alice.pk}/change/").text)
    assert "sees, corrects and deletes everybody's recordings" in told
    assert "may restart or stop Selenite" in told
    assert "It works only together with staff status." in told
    assert "cannot sign in" in told
    assert "Designates" not in told


def test_who_is_not_active_is_signed_out_and_keeps_everything(
    superuser_client: Client, alice: User, alice_client: Client, make_recording: MakeRecording
):
    make_recording(owner=alice)
    assert alice_client.get("/").status_code == 200
    data = {"username": "alice", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_staff": ""}
    response = superuser_client.post(f"/admin/auth/user/{alice.pk}/change/", data)
    assert response.status_code == 302
    alice.refresh_from_db()
    assert not alice.is_active
    assert alice_client.get("/").url.startswith("/sign-in/")
    assert Recording.objects.filter(owner=alice).count() == 1
