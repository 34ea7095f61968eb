"""The one place that reads the environment: `DERMABOARD_*` variables into one frozen object, strictly."""

import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "DERMABOARD_"
SHIPPED_BUNDLES = Path(__file__).resolve().parent.parent / "model" / "bundles"
# Where `python -m training train` writes, seen from where it is started.
TRAINING_RUNS = Path("runs")


# What Dash would read by itself, and pages would then ask for what is somewhere else.
DASH = frozenset(
    "DASH_" + name
    for name in (
        "ASSETS_EXTERNAL_PATH",
        "COMPRESS",
        "INCLUDE_ASSETS_FILES",
        "REQUESTS_PATHNAME_PREFIX",
        "ROUTES_PATHNAME_PREFIX",
        "URL_BASE_PATHNAME",
    )
)


def split_words(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """The words of a list that is written with commas."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words)]


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address to listen on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class SettingsError(ValueError):
    """A setting that cannot be used. `str()` names the variable and says what would be right."""


class Settings(BaseSettings):
    """How one server runs. Every field is the environment variable `DERMABOARD_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", min_length=1, description="an address to listen on, such as 127.0.0.1")
    port: int = Field(8050, ge=1, le=65535, description="a port between 1 and 65535")
    hosts: Words = Field(
        (),
        description="the names that browsers reach the server by, without ports, such as derma.clinic.org, derma",
    )
    prefix: str = Field(
        "",
        description="the path below which a proxy shows the pages, such as /derma; leave it out for none",
    )
    proxy: Words = Field(
        (),
        description="addresses or networks of the proxies whose X-Forwarded headers are true, such as 10.0.0.2",
    )
    oidc_issuer: str | None = Field(
        None,
        max_length=255,
        description="the issuer of a provider of OpenID Connect, such as https://login.clinic.org/realms/staff",
    )
    oidc_client: str | None = Field(
        None, min_length=1, description="the name by which the provider knows Dermaboard, such as dermaboard"
    )
    oidc_secret: SecretStr | None = Field(
        None, min_length=1, description="the secret that the provider gave out for Dermaboard"
    )
    oidc_claim: str = Field(
        "roles", min_length=1, description="the claim of the ID token that holds roles, such as roles"
    )
    # After what it is checked against.
    auth: Literal["none", "local", "oidc", "proxy"] = Field(
        "none",
        validate_default=True,
        description="local (users with passwords), oidc (a provider of OpenID Connect says who logs in), proxy (a "
        "proxy says who asks), or none on your own computer only",
    )
    user_header: str = Field(
        "X-Remote-User",
        pattern=r"^[A-Za-z0-9-]+$",
        description="the header in which a proxy says who asks, such as X-Remote-User",
    )
    data_dir: Path = Field(Path("data"), description="a folder for predictions; it is made when missing")
    model: str = Field("dermanet", min_length=1, description="the name of a bundle, such as dermanet")
    bundles: Path = Field(SHIPPED_BUNDLES, description="an existing folder that holds model bundles")
    images: Path | None = Field(
        None,
        description="an existing folder with the evaluated images, named by image id; leave it out for none",
    )
    runs: Path = Field(
        TRAINING_RUNS,
        description="an existing folder of training runs to follow while they last, such as runs",
    )
    database_url: str | None = Field(
        None, min_length=1, description="an SQLAlchemy address; leave it out for SQLite in the data folder"
    )
    image_store: str | None = Field(
        None,
        min_length=1,
        pattern=r"^[a-z][a-z0-9+.-]*://.+",
        description="an fsspec address such as s3://bucket/folder; leave it out to keep images in the data folder",
    )
    keep_days: int | None = Field(
        None,
        ge=1,
        le=36500,
        description="days after which a case goes to the bin, 1 to 36500; leave it out to keep cases for good",
    )
    judge_first: bool = Field(
        False,
        description="yes for clinicians who judge before they see a result unless they switch it off, or no",
    )
    workers: int = Field(1, ge=1, le=64, description="processes that serve, 1 to 64")
    threads: int | None = Field(
        None,
        ge=1,
        le=256,
        description="processor threads for one prediction, 1 to 256; leave it out to share all among the processes",
    )
    log: Literal["text", "json"] = Field(
        "text", description="text (lines for people) or json (a JSON object a line, and one for each request)"
    )
    upload_space: int = Field(
        1000, ge=30, description="megabytes that all uploads in progress may take together, 30 or more"
    )

    @field_validator("hosts")
    @classmethod
    def names_of_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Names and addresses as a browser writes them in an address, in small letters."""
        for name in value:
            if not re.fullmatch(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]", name):
                raise ValueError(f"{name} is no name of a host")
        return tuple(name.lower().strip("[].") for name in value)

    @field_validator("prefix")
    @classmethod
    def path_of_prefix(cls, value: str) -> str:
        """A path without a slash at its end."""
        path = value.rstrip("/")
        if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path):
            raise ValueError(f"{value} is no path that begins with a slash")
        return path

    @field_validator("proxy")
    @classmethod
    def networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Addresses, not names: whoever answers for a name could send anything."""
        for one in value:
            ipaddress.ip_network(one)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def address_of_issuer(cls, value: str | None) -> str | None:
        """An address as it stands in the provider's tokens; what travels to it is encrypted."""
        if value is not None:
            parts = urlsplit(value)
            safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
            if not safe or not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"{value} is no address that begins with https")
        return value

    @field_validator("auth")
    @classmethod
    def log_in_for_others(cls, value: str, others: ValidationInfo) -> str:
        """Without log-in, nobody but this computer may reach the server."""
        host = others.data.get("host", "127.0.0.1")
        if value == "none" and not is_loopback(host):
            raise ValueError(f"without log-in, anybody who reaches {host} would see every photograph")
        if value == "proxy" and not others.data.get("proxy"):
            raise ValueError(f"name the proxy in {variable('proxy')}, or nobody could be believed")
        missing = [
            name for name in ("oidc_issuer", "oidc_client", "oidc_secret") if not others.data.get(name)
        ]
        if value == "oidc" and missing:
            raise ValueError(f"set {', '.join(map(variable, missing))} too")
        return value

    @field_validator("bundles")
    @classmethod
    def existing_folder(cls, value: Path) -> Path:
        """The shipped folder may be absent in a fresh checkout; one that somebody named has to exist."""
        if value != SHIPPED_BUNDLES and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @field_validator("runs")
    @classmethod
    def folder_of_runs(cls, value: Path) -> Path:
        """Nobody needs to have trained anything; a folder that somebody named has to exist."""
        if value != TRAINING_RUNS and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @field_validator("images")
    @classmethod
    def folder_of_images(cls, value: Path | None) -> Path | None:
        """A folder that somebody named has to exist."""
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @field_validator("data_dir")
    @classmethod
    def not_a_file(cls, value: Path) -> Path:
        """The folder may be made later; a file in its place never can be one."""
        if value.exists() and not value.is_dir():
            raise ValueError(f"{value} is a file, not a folder")
        return value

    @property
    def oidc_host(self) -> str:
        """The name that people know the provider by; empty without one."""
        return (urlsplit(self.oidc_issuer or "").hostname or "") if self.auth == "oidc" else ""


def variable(field: str) -> str:
    """The environment variable that sets a field."""
    return PREFIX + field.upper()


def read_settings() -> Settings:
    """Settings from the environment.

    Raises:
        SettingsError: one sentence a problem; an unknown `DERMABOARD_*` name is a problem too, and a `DASH_*` one that
            would change where pages look for things.
    """
    foreign = sorted(name for name in os.environ if name.upper() in DASH)
    if foreign:
        raise SettingsError(f"{', '.join(foreign)}: Dermaboard does not take settings of Dash. Unset it.")
    known = {variable(field) for field in Settings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise SettingsError(f"{', '.join(unknown)}: no such setting. There are {', '.join(sorted(known))}.")
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "\n".join(explain(str(e["loc"][0]), str(e["msg"])) for e in error.errors())
        ) from error


def explain(field: str, reason: str) -> str:
    """One sentence: the variable, its value, what is wrong with it and what would be right."""
    name = variable(field)
    described = Settings.model_fields[field]
    value = os.environ.get(name, described.default)
    return f"{name}={value!r}: {reason.removeprefix('Value error, ')}. It should be {described.description}."


def load_settings() -> Settings:
    """Settings from the environment; a wrong one ends the program with status 2 and a sentence on standard error."""
    try:
        return read_settings()
    except SettingsError as error:
        print(f"Dermaboard cannot start.\n{error}", file=sys.stderr)
        raise SystemExit(2) from error
