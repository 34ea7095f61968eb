"""What several pages share: frame, navigation, verdict, scale, result card, forms."""
