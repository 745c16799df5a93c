"""The project: settings, addresses and what starts the program."""

__version__ = "0.1.0"
