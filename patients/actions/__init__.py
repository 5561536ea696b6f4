"""Everything that changes a patient's record; each action is atomic and says by whom and when."""
