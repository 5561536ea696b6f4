"""What follows from a patient's data: pure rules, without a database and without a clock."""
