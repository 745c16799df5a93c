"""Find what was said in any recording: one index over the text that is shown, on SQLite and on PostgreSQL alike."""
