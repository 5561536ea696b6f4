"""The same work without Celery, and reminders to try out."""
