"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "physio.settings")

application = get_wsgi_application()
# Now rather than at the first request, which would wait for every view to be imported.
_ = get_resolver().url_patterns
