"""Settings are strict: what is wrong is named, with what would be right."""

from pathlib import Path

import pytest

from dashboard.settings import SHIPPED_BUNDLES, SettingsError, load_settings, read_settings


def test_defaults_need_no_environment() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8050, "dermanet")
    assert settings.bundles == SHIPPED_BUNDLES
    assert settings.database_url is None


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DERMABOARD_PORT", "9000")
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DERMABOARD_IMAGES", str(tmp_path))
    settings = read_settings()
    assert settings.images == tmp_path
    assert settings.port == 9000
    assert settings.data_dir == tmp_path


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DERMABOARD_PORT", "eighty", "a port between 1 and 65535"),
        ("DERMABOARD_PORT", "0", "a port between 1 and 65535"),
        ("DERMABOARD_PORT", "", "a port between 1 and 65535"),
        ("DERMABOARD_HOST", "", "an address to listen on"),
        ("DERMABOARD_THREADS", "-1", "1 to 256"),
        ("DERMABOARD_JUDGE_FIRST", "perhaps", "yes for clinicians who judge before they see a result"),
        ("DERMABOARD_BUNDLES", "/no/such/folder", "an existing folder"),
        ("DERMABOARD_IMAGES", "/no/such/folder", "an existing folder with the evaluated images"),
        ("DERMABOARD_DATABASE_URL", "", "leave it out"),
        ("DERMABOARD_HOSTS", "https://derma.clinic.org", "without ports"),
        ("DERMABOARD_HOSTS", "derma:8050", "without ports"),
        ("DERMABOARD_PREFIX", "derma", "such as /derma"),
        ("DERMABOARD_PREFIX", "https://clinic/derma", "such as /derma"),
        ("DERMABOARD_PROXY", "nginx", "addresses or networks"),
        ("DERMABOARD_AUTH", "ldap", "local (users with passwords)"),
        (
            "DERMABOARD_AUTH",
            "oidc",
            "set DERMABOARD_OIDC_ISSUER, DERMABOARD_OIDC_CLIENT, DERMABOARD_OIDC_SECRET too",
        ),
        ("DERMABOARD_OIDC_ISSUER", "http://login.clinic.org", "no address that begins with https"),
        ("DERMABOARD_OIDC_ISSUER", "login.clinic.org", "no address that begins with https"),
        ("DERMABOARD_OIDC_ISSUER", "https://login.clinic.org?realm=a", "such as https://login.clinic.org"),
        ("DERMABOARD_OIDC_SECRET", "", "the secret that the provider gave out"),
        ("DERMABOARD_OIDC_CLAIM", "", "the claim of the ID token"),
        ("DERMABOARD_AUTH", "proxy", "name the proxy in DERMABOARD_PROXY"),
        ("DERMABOARD_USER_HEADER", "X_User", "the header in which a proxy says who asks"),
    ],
)
def test_wrong_value_is_named_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert name in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "derma.clinic.lan"])
def test_others_reach_nothing_without_log_in(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DERMABOARD_HOST", host)
    with pytest.raises(
        SettingsError, match=r"DERMABOARD_AUTH='none': .*every photograph\. It should be local"
    ):
        read_settings()
    monkeypatch.setenv("DERMABOARD_AUTH", "local")
    assert read_settings().host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_computer_needs_no_log_in(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DERMABOARD_HOST", host)
    assert read_settings().auth == "none"


def test_a_provider_is_read_and_its_secret_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "AUTH": "oidc",
        "OIDC_ISSUER": "https://login.clinic.org/",
        "OIDC_CLIENT": "derma",
        "OIDC_SECRET": "xyz",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"DERMABOARD_{name}", value)
    settings = read_settings()
    assert (settings.oidc_host, settings.oidc_claim) == ("login.clinic.org", "roles")
    assert settings.oidc_secret is not None and settings.oidc_secret.get_secret_value() == "xyz"
    assert "xyz" not in repr(settings)
    monkeypatch.delenv("DERMABOARD_OIDC_CLIENT")
    with pytest.raises(SettingsError, match="set DERMABOARD_OIDC_CLIENT too"):
        read_settings()


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOARD_PORT", "x")
    monkeypatch.setenv("DERMABOARD_THREADS", "y")
    with pytest.raises(SettingsError, match=r"DERMABOARD_PORT[\s\S]*DERMABOARD_THREADS"):
        read_settings()


def test_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOARD_PROT", "8050")
    with pytest.raises(SettingsError, match=r"DERMABOARD_PROT: no such setting.*DERMABOARD_PORT"):
        read_settings()


def test_lists_and_paths_are_put_into_their_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOARD_HOSTS", "Derma.Clinic.org, 10.0.0.3,[::1]")
    monkeypatch.setenv("DERMABOARD_PROXY", "10.0.0.2, 10.1.0.0/16")
    monkeypatch.setenv("DERMABOARD_PREFIX", "/derma/")
    settings = read_settings()
    assert settings.hosts == ("derma.clinic.org", "10.0.0.3", "::1")
    assert settings.proxy == ("10.0.0.2", "10.1.0.0/16")
    assert settings.prefix == "/derma"


@pytest.mark.parametrize("name", ["DASH_URL_BASE_PATHNAME", "dash_assets_external_path"])
def test_settings_of_dash_are_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/elsewhere/")
    with pytest.raises(SettingsError, match=f"{name}: .*Unset it"):
        read_settings()


def test_data_folder_that_is_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("")
    monkeypatch.setenv("DERMABOARD_DATA_DIR", str(file))
    with pytest.raises(SettingsError, match="is a file"):
        read_settings()


def test_start_stops_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DERMABOARD_PORT", "none")
    with pytest.raises(SystemExit) as stopped:
        load_settings()
    assert stopped.value.code == 2
    printed = capsys.readouterr().err
    assert "DERMABOARD_PORT" in printed
    assert "Traceback" not in printed
