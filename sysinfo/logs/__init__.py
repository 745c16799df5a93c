"""The log in files: written by every process of an installation, read by its administrators."""
