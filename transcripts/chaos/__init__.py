"""Proof by attack: an installation of its own, whose processes and servers are killed at random while it works.

What must hold all the same is in `docs/reliability.md`, under "What always holds".
"""
