"""When a reminder is due, late, tried again: pure rules, without a database and without a clock."""
