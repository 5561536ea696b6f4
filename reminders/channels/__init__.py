"""The ways a reminder reaches a person."""
