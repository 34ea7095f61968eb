"""The page of one stored prediction: its result, its context and its reviews."""
