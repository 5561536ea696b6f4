"""The same, for others to read: no tables of its own, and never a write to a record."""
