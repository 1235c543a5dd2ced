"""The shop behind the hotline: its records, its policies, the actions on it, and where it lives."""
