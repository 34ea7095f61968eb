"""The monitoring page: how a model does on the photographs that come in here."""
