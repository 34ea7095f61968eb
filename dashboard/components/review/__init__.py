"""The performance page's parts, a module a part."""
