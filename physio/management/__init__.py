"""Commands of the plug board."""
