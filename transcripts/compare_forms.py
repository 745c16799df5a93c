"""What people send to compare two versions."""

from django import forms


class CompareForm(forms.Form):
    """Which versions, as ids of jobs; whether as they were recognised, and whether capitals and punctuation count."""

    left = forms.UUIDField(required=False)
    right = forms.UUIDField(required=False)
    recognised = forms.BooleanField(required=False)
    exact = forms.BooleanField(required=False)


class DecideForm(forms.Form):
    """What becomes of a suggestion. `mark` is that of the text that the person saw beside it."""

    decision = forms.ChoiceField(choices=[("accept", "Accept"), ("refuse", "Put away")])
    mark = forms.CharField(max_length=32, required=False)
