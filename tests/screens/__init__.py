"""Photograph every page of a running demo as a phone and a laptop show it, light and dark, English and German."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "physio.settings")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's own loop runs in this thread
django.setup()
