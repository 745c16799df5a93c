"""What is written instead of what is recognised, again and again."""

from typing import Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Q

LONGEST = 200
"""In characters."""


class RuleQuerySet(models.QuerySet["Rule"]):
    def of(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return a person's own rules."""
        return self.filter(owner=user) if isinstance(user, User) else self.none()

    def of_installation(self) -> Self:
        return self.filter(owner=None)

    def changeable_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return those that a person may change: their own, and for staff the installation's."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(Q(owner=user) | Q(owner=None)) if user.is_staff else self.filter(owner=user)


class Rule(models.Model):
    """A replacement in what is recognised from now on: of one person's jobs, or of everybody's where there is no owner."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="rules",
        help_text="Nobody: for the whole installation.",
    )
    find = models.CharField("Recognised as", max_length=LONGEST)
    replacement = models.CharField("Write", max_length=LONGEST, blank=True)
    whole_words = models.BooleanField("Whole words only", default=True)
    match_case = models.BooleanField("Match capitals", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["find", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "find", "match_case"], name="rule_of_owner"),
            models.UniqueConstraint(
                fields=["find", "match_case"], condition=Q(owner=None), name="rule_of_installation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.find} → {self.replacement}"
