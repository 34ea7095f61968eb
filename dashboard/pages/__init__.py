"""The pages: register_page, a layout and thin callbacks, one module a page."""
