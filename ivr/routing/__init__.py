"""Who takes which call: pure, deterministic, no clock."""
