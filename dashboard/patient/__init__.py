"""A patient with the lesions and visits, and a lesion over time."""
