"""Changes that span rows, files and the queue."""
