"""A stored prediction on one page of A4, to print and as a PDF."""
