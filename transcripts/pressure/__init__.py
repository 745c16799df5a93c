"""Many people and workers at once on an installation of its own, and a count of what went wrong: `manage.py pressure`."""
