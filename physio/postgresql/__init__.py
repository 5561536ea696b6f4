"""Django's back end for PostgreSQL, with a health check that asks nobody."""
