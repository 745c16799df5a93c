"""The pages of the system, and the addresses for programs."""
