"""How static files are kept: named after their content, modules included, and compressed once."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

UNUSED = ("redoc", "rest_framework", "django_htmx/ext/*")
"""What packages bring and no page of the product asks for."""


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Follows `import` between our modules too, so that one new file never meets an old one in somebody's cache."""

    support_js_module_import_aggregation = True
