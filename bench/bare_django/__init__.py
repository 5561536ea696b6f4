"""A Django project that does only what is measured, and no more: the yardstick of bench/pages.py."""
