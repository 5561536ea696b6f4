"""Forms of sign-in, clinic and people."""
