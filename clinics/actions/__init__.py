"""What changes people, clinics and keys; the only code that does."""
