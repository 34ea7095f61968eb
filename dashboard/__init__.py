"""What people see: the pages, the REST API and the store of predictions. Imports `model`, never `training`."""

__version__ = "0.1.0"
