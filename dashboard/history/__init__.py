"""The history page: every stored prediction as a grid or as pictures, and what can be exported."""
