"""What a trained model is, and how the bytes of an image become a prediction."""
