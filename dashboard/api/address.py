"""Where the API is."""

ROOT = "/api/v1"
