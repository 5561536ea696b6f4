"""Patients: what a person should do, and did."""
