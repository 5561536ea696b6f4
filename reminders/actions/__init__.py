"""What reminders do: plan rows, send them, keep what patients wish, and tell what was and will be sent."""
