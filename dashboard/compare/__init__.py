"""The page that compares what two models say of the same photographs."""
