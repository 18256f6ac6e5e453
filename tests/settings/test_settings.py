"""What the environment may say, and what is made of silence."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from tongke_platform.settings import Settings, own_addresses, signing_secret


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TONGKE_{name.upper()}", raising=False)


def test_every_setting_is_documented() -> None:
    undocumented = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undocumented == []


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_PORT", "9000")
    monkeypatch.setenv("TONGKE_ROLES", "relay, hls")
    monkeypatch.setenv("TONGKE_MEDIA_ANNOUNCE", "10.0.0.5,192.168.1.5")
    settings = Settings()
    assert settings.port == 9000
    assert settings.roles == ["relay", "hls"]
    assert settings.announced == ["10.0.0.5", "192.168.1.5"]


def test_a_child_reads_back_what_its_parent_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parent = Settings(
        data_dir=tmp_path,
        roles=["web"],
        hls_port=9001,
        media_announce=["10.0.0.5"],
        secret=SecretStr("s"),
    )
    for name, value in parent.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == parent


def test_a_secret_is_not_printed() -> None:
    assert "hidden" not in repr(Settings(secret=SecretStr("hidden")))


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "0"), ("port", "x"), ("roles", "web,cook"), ("timezone", "Asia/Nowhere")],
)
def test_wrong_values(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TONGKE_{name.upper()}", value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert raised.value.errors()[0]["loc"][0] == name


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    first = signing_secret(settings)
    assert len(first) >= 43
    assert signing_secret(settings) == first
    mode = (tmp_path / "new" / "secret").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_own_addresses_end_with_loopback() -> None:
    addresses = own_addresses()
    assert addresses[-1] == "127.0.0.1"
    assert len(set(addresses)) == len(addresses)
