"""The predict page: photographs in, a result for each."""
