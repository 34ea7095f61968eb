"""The server with users that their own tests have, too."""

from tests.dashboard.users.conftest import auth, provider, services, settings, signed_in, with_token

__all__ = ["auth", "provider", "services", "settings", "signed_in", "with_token"]
