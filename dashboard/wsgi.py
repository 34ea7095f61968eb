"""For other WSGI servers: `dashboard.wsgi:server`. `python -m dashboard` brings its own."""

from dashboard.app import create_app
from dashboard.services import EXTENSION

app = create_app()
server = app.server
server.extensions[EXTENSION].warm()
