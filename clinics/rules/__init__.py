"""What is true of clinics without a database: colours and words."""
