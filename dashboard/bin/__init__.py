"""The page of deleted cases."""
