"""Pages about people and clinics."""
