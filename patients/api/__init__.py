"""The API of patients' records: people, plans, sessions, the diary, symptoms, measurements, alerts and the caseload."""
