"""How the application is served: the web server, what its answers weigh, and callbacks that no page sends."""
