"""How the administration writes moments, by the locale of `LANGUAGE_CODE`. Our own pages have `preferences.dates`."""
