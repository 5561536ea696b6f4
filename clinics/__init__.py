"""Who: people, clinics and roles, and the rules that every other app obeys."""
