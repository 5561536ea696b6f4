"""Reminders: what patients were told."""
