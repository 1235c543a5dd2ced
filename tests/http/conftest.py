import pytest

from ivr.telephony.twilio.signature import sign
from webhooks.app import create_app
from webhooks.auth import limiter

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def app(hotline):
    application = create_app(hotline)
    application.config["WTF_CSRF_ENABLED"] = False
    limiter.enabled = False
    yield application
    limiter.enabled = True
    application.extensions["voice_work"].close()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def carrier_post(client):
    """Posts as the carrier does: signed over the public address."""

    def post(path, token="token", **form):
        headers = {"X-Twilio-Signature": sign(BASE + path, list(form.items()), token)}
        return client.post(path, data=form, headers=headers)

    return post
