"""Administration, and everybody's own account."""
