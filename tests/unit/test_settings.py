import pytest

from ivr.errors import InvalidInput, MissingSetting
from ivr.settings import described, load, require_secrets


@pytest.fixture(autouse=True)
def empty(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, *_ in described():
        monkeypatch.delenv(name, raising=False)


def test_a_missing_secret_is_named():
    with pytest.raises(MissingSetting, match="IVR_TWILIO_AUTH_TOKEN"):
        require_secrets(load(secret_key="x" * 16))
    with pytest.raises(MissingSetting, match="IVR_SECRET_KEY"):
        require_secrets(load(twilio_auth_token="t", secret_key="short"))


def test_settings_come_from_the_environment_and_a_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("IVR_PORT=8123\nIVR_MEDIA=webhook\n")
    monkeypatch.setenv("IVR_MEDIA", "stream")
    settings = load()
    assert (settings.port, settings.media) == (8123, "stream")


def test_a_bad_value_is_told_with_the_setting_s_name(monkeypatch):
    monkeypatch.setenv("IVR_PORT", "many")
    with pytest.raises(InvalidInput, match="IVR_PORT"):
        load()


def test_every_setting_has_a_meaning():
    assert all(meaning for *_, meaning in described())
