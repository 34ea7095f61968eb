"""The tables of users: who may log in, who is logged in, and who did what. They belong to the schema of the store."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from dashboard.store.schema import Sequence, UtcDateTime, metadata

# Who has an account. A removed one stays: the name is not given to somebody else.
users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("folded", String(255), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    # An Argon2 hash; NULL for users whom a proxy or a provider lets in.
    Column("password", String(255)),
    # Who says who it is, and by which name of its own; NULL for users of no provider.
    Column("issuer", String(255)),
    Column("subject", String(255)),
    Column("created", UtcDateTime, nullable=False),
    Column("removed", UtcDateTime),
    Column("signed_in", UtcDateTime),
    # Wrong passwords since the last right one, and until when none is looked at.
    Column("failures", Integer, nullable=False),
    Column("rests_until", UtcDateTime),
    # Nobody gets in with this account until it is switched on again.
    Column("switched_off", UtcDateTime),
    # Somebody else knows the password: it lets its user choose another one, and nothing else.
    Column("once", Boolean, nullable=False),
)
Index(None, users.c.issuer, users.c.subject, unique=True)

# Who is logged in. Of what a browser shows for it, only the digest is kept.
user_sessions = Table(
    "user_sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("seen", UtcDateTime, nullable=False),
    Column("stays", Boolean, nullable=False),
)
Index(None, user_sessions.c.user_id)

# What programs show instead of a password. `scopes` are permissions; NULL for all of the user's role.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("user_id", String(36), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False),
    Column("used", UtcDateTime),
    Column("scopes", JSON),
    Column("name", String(64), nullable=False),
)
Index(None, api_tokens.c.user_id)

# How often somebody has tried to log in lately, by computer and address; see users/attempts.py. `ends` is a moment by
# the computer's monotonic clock.
attempts = Table(
    "attempts",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("created", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("ends", Float(53), nullable=False),
)

# Who did what, saw what and took what along: appended, never changed. Each line has the digest of the one before. Of
# what people wrote it holds a salted digest; the text stands beside it and can be erased, with its salt.
trail = Table(
    "trail",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("created", UtcDateTime, nullable=False),
    Column("who", String(128), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("text", Text),
    Column("salt", String(32)),
    Column("text_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)
Index(None, trail.c.action)
Index(None, trail.c.subject)
Index(None, trail.c.who)
