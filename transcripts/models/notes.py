"""What people write beside a transcript, and the filters of the list that they keep."""

from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.http import QueryDict

LONGEST_FILTER_NAME = 60


class Note(models.Model):
    """The note of a recording. `version` is counted from 1, and tells whoever saves it whether somebody else did so before."""

    recording = models.OneToOneField(
        "transcripts.Recording", on_delete=models.CASCADE, primary_key=True, related_name="note"
    )
    text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who saved it last."""
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Note of {self.recording_id}"


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return those on recordings that this person may see."""
        if not isinstance(user, User):
            return self.none()
        return self if user.is_staff else self.filter(recording__owner=user)


class Comment(models.Model):
    """A remark on a moment of a recording. `at` is in seconds from its start."""

    recording = models.ForeignKey("transcripts.Recording", on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    at = models.FloatField()
    text = models.TextField()

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["recording", "at"])]

    def __str__(self) -> str:
        return f"Comment {self.pk}"


class SavedFilter(models.Model):
    """What somebody narrows the list down to again and again: the query of its address, by a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=LONGEST_FILTER_NAME)
    query = models.TextField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="filter_name_of_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def tags(self) -> list[str]:
        """Return the ids of the tags that it names, also of those that are gone."""
        return QueryDict(self.query).getlist("tag")

    def replace_tag(self, tag: str, by: str) -> None:
        """Name another tag in the place of one, once."""
        query = QueryDict(self.query, mutable=True)
        tags = list(dict.fromkeys(by if each == tag else each for each in self.tags))
        query.setlist("tag", tags)
        if len(tags) == 1:
            query.pop("match", None)
        self.query = query.urlencode()
