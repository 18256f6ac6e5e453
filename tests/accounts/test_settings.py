"""What the settings say about signing in is what the server does."""

import json
from pathlib import Path

import pytest
import typer

from tests.engines.redis_server import RedisServer
from tongke_platform.accounts.limiter import RedisLimiter
from tongke_platform.accounts.sms import FileSms, GatewaySms, LogSms, make_sms
from tongke_platform.app.factory import make_frame
from tongke_platform.cli.options import load_settings
from tongke_platform.settings import Settings


async def test_frame_is_made_of_the_settings(settings: Settings, redis_server: RedisServer) -> None:
    file = settings.data_dir / "oidc.json"
    one = {"key": "bureau", "label": "县教育局", "issuer": "https://id.test", "client_id": "x"}
    file.write_text(json.dumps([one]))
    given = {"sms_url": "file:", "oidc_file": file, "redis_url": redis_server.url}
    frame = make_frame(Settings.model_validate({**settings.model_dump(), **given}))
    again = make_frame(settings)
    sealed = frame.keys.seal("x", {"a": 1})
    assert again.keys.unseal("x", sealed, frame.now()) == {"a": 1}, "after a restart, too"
    assert again.keys.unseal("y", sealed, frame.now()) is None
    assert [provider.label for provider in frame.providers] == ["县教育局"]
    assert isinstance(frame.sms, FileSms)
    assert isinstance(frame.limiter, RedisLimiter)
    assert again.sms is None
    for each in (frame, again):
        await each.limiter.close()
        await each.database.close()
        each.passwords.close()


def test_kinds_of_sms(tmp_path: Path) -> None:
    assert make_sms(None, tmp_path) is None
    assert isinstance(make_sms("log:", tmp_path), LogSms)
    assert isinstance(make_sms("https://a:b@sms.test/send", tmp_path), GatewaySms)


async def test_file_of_messages_is_its_owners(tmp_path: Path) -> None:
    await FileSms(tmp_path / "sms.txt").send("138", "code")
    assert (tmp_path / "sms.txt").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "sms.txt").read_text("utf-8") == "138\tcode\n"


def test_broken_file_of_providers_stops_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "oidc.json").write_text("nonsense")
    with pytest.raises(typer.Exit):
        load_settings(oidc_file=tmp_path / "oidc.json")
    said = capsys.readouterr().err
    assert said.startswith("tongke: TONGKE_OIDC_FILE: ")
    assert said.count("\n") == 1
