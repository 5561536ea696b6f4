"""Exercises and programs: what could be done."""
