"""Pictures that are drawn: lesions, what lies over them, and what is no lesion at all."""
