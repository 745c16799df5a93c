"""As `preferences.dates` has it where nobody chose: Django would write 7:07 p.m."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
