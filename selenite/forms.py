"""Forms of the account: Django's, with plainer words and with the cursor where the mistake is."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError

from preferences.fields import GuidedField
from selenite import guesses

NO_MATCH = "no_match"
"""The code of the error that says that name and password do not match."""
HELD_UP = "held_up"
"""The code of the error that says that too many passwords were wrong."""


class SignInForm(AuthenticationForm):
    bound_field_class = GuidedField

    def clean(self) -> dict[str, Any]:
        """Look at the password, unless too many were wrong."""
        seconds = guesses.seconds_to_wait(self.request, self.cleaned_data.get("username", "")) if self.request else 0
        if seconds:
            minutes = -(-seconds // 60)
            sentence = f"Too many passwords were wrong. Try again in {minutes} minute{'' if minutes == 1 else 's'}."
            raise ValidationError({"password": ValidationError(sentence, code=HELD_UP)})
        cleaned: dict[str, Any] = super().clean()
        return cleaned

    def get_invalid_login_error(self) -> ValidationError:
        """Return the error at the password, which has to be typed again in any case."""
        sentence = "This username and password do not match. Check both and try again; capital letters matter."
        return ValidationError({"password": ValidationError(sentence, code=NO_MATCH)})


class PasswordForm(PasswordChangeForm):
    bound_field_class = GuidedField
    error_messages = {
        "password_incorrect": "This is not your old password. Type it again.",
        "password_mismatch": "This is not the same as the new password above. Type it again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""
