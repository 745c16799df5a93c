"""The form that brings recordings, with a person's own values and those that their tags carry."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from registry.resolver import hindrance
from tags.forms import Names
from tags.models import Tag
from tags.names import key_of
from tags.services import MOST_TAGS, TOO_MANY, carried, tags_called
from transcripts.forms import OptionsForm, task_of
from transcripts.models import Job, Task
from transcripts.services.accept import JobRequest
from transcripts.services.defaults import Defaults, defaults_of, not_used
from transcripts.speaker_forms import as_chosen


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """One or more files. What is wrong with one of them is for `accept_upload` to say, so that the others go on."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list) else [data] * (data is not None)
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class UploadForm(OptionsForm):
    """Files and how to transcribe them. Needs only the files.

    A tag fills in what it carries where nothing was chosen by hand. The page does that where it can be seen, and says so by
    `filled`; it is done here for whoever sends the form without a script.
    """

    field_order = ["recordings"]
    recordings = ManyFiles(
        label="Recordings",
        widget=ManyFilesInput(attrs={"accept": "audio/*,video/*"}),
        error_messages={"required": "Choose at least one audio or video file."},
    )
    tags = forms.MultipleChoiceField(label="Tags", required=False)
    new_tags = Names(
        label="Other tags", required=False, help_text="New ones are made. Several with commas between them."
    )
    filled = forms.BooleanField(required=False, widget=forms.HiddenInput)
    person = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """For whom the page was made that a script sends from: somebody else may have signed in since."""

    def __init__(self, data: Any = None, files: Any = None, *, user: User) -> None:
        self._mine = defaults_of(user)
        self._why_not_usual = self._mine.lost or _hindrance(self._mine, by_staff=user.is_staff)
        initial = _initial(self._mine, is_usual=not self._why_not_usual)
        self._names_model = data is not None and "model" in data
        super().__init__(data if data is None else _filled(data, initial), files, initial=initial, user=user)
        for name in initial.keys() & self.fields.keys():
            self.fields[name].initial = initial[name]
        self.initial = {}  # What a tag fills in takes the place of a field's own.
        self._offer_tags(user)

    def _offer_tags(self, user: User) -> None:
        self.own_tags = list(Tag.objects.of(user))
        field = self.fields["tags"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(tag.pk), tag.name) for tag in self.own_tags]
        if not self.own_tags:
            self.fields["new_tags"].label = "Tags"

    @property
    def usual_note(self) -> str:
        """Return why this person's usual model is not chosen, and what is taken instead; empty where it is."""
        if not self._why_not_usual:
            return ""
        reason = self._why_not_usual.rstrip(".")
        sentence = f"Your usual model cannot be used now: {reason[0].lower()}{reason[1:]}"
        taken = self._found().taken
        return (
            f"{sentence}; {taken[1]} ({taken[0]}) is used unless you choose another one." if taken else f"{sentence}."
        )

    def job_request(self) -> JobRequest:
        request = super().job_request()
        reason = "" if request.model else self._reason_of_going_without(request)
        return replace(request, warnings=(not_used(reason),)) if reason else request

    def _reason_of_going_without(self, request: JobRequest) -> str:
        """Return why nobody's choice is not the usual model. On a page where that could be chosen, somebody has left it."""
        if self._mine.lost or (self._names_model and not self._why_not_usual):
            return self._mine.lost
        mine = replace(self._mine, language=request.language, task=request.task)
        return _hindrance(mine, by_staff=self.by_staff)

    @property
    def chosen_tags(self) -> list[Tag]:
        """Return the tags that are ticked, or typed and there already."""
        typed = [key_of(name) for name in self.cleaned_data.get("new_tags", [])]
        ticked = self.cleaned_data.get("tags", [])
        return [tag for tag in self.own_tags if str(tag.pk) in ticked or tag.key in typed]

    def put_tags(self, job: Job) -> None:
        """Put the tags that a valid form names on a new recording, but for those that were deleted in the meantime."""
        there = Tag.objects.select_for_update().filter(pk__in=[tag.pk for tag in self.chosen_tags])
        job.recording.tags.add(*there, *tags_called(self.cleaned_data["new_tags"], owner=job.owner))

    def clean_new_tags(self) -> list[str]:
        names: list[str] = self.cleaned_data["new_tags"]
        there = {tag.key for tag in self.own_tags}
        if sum(key_of(name) not in there for name in names) > max(0, MOST_TAGS - len(there)):
            raise forms.ValidationError(TOO_MANY)
        return names

    def clean(self) -> None:
        super().clean()
        if not self.cleaned_data.get("filled"):
            for name, value in carried(self.chosen_tags).items():
                self._fill(name, value)

    def _fill(self, name: str, value: Any) -> None:
        """Take a value for a field that is as it was at first, or was not sent: of a box, that only another field tells."""
        field = self.fields.get(name)
        if field is None or name in self.errors:
            return
        if isinstance(field, forms.ChoiceField) and not field.valid_value(value):
            return  # A model that cannot run now
        first = self.get_initial_for_field(field, name) or type(value)()
        is_sent = ("speakers" if name == "diarize" else name) in self.data
        if not is_sent or self.cleaned_data.get(name) == first:
            self.cleaned_data[name] = field.initial = value


def _initial(mine: Defaults, *, is_usual: bool) -> dict[str, Any]:
    """Return how the form is to begin with for a person. A model that cannot run now is not chosen for them."""
    return {
        "model": f"{mine.engine}/{mine.model}" if mine.model and is_usual else "",
        "language": mine.language,
        "translate": mine.task == Task.TRANSLATE,
        "diarize": mine.diarize,
        **as_chosen(mine.speakers),
    }


def _hindrance(mine: Defaults, *, by_staff: bool) -> str:
    """Return why a person's usual model cannot do what is asked, as a sentence; empty where it can, or where there is none."""
    if not mine.model:
        return ""
    return hindrance(engine=mine.engine, model=mine.model, language=mine.language, task=mine.task, by_staff=by_staff)


def _filled(data: Any, initial: dict[str, Any]) -> Any:
    """Return what was sent, with a person's own values for what a script leaves out. A page sends all but unticked boxes."""
    is_of_page = "speakers" in data or "prompt" in data
    filled = data.copy()
    for name, value in initial.items():
        if value and name not in data and not (value is True and is_of_page):
            filled[name] = "on" if value is True else value
    if "model" not in data and _cannot_do(filled):
        del filled["model"]  # Nobody chose it for this.
    return filled


def _cannot_do(data: Any) -> bool:
    engine, _, model = data.get("model", "").partition("/")
    language, task = data.get("language", ""), task_of(data.get("translate"))
    return bool(model and hindrance(engine=engine, model=model, language=language, task=task))
