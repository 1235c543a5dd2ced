"""The studio shows which prompts of the version in use are ready."""

import pytest

from audio.tts.hibari import HibariVoice


@pytest.fixture
def supervisor(client, hotline):
    hotline.accounts.add("eve", "Eve", "supervisor", "password-1", {})
    client.post("/login", data={"login": "eve", "password": "password-1"})
    return client


def test_the_studio_is_told_how_many_prompts_are_ready(supervisor, hotline):
    nothing = supervisor.get("/studio/api/menus").get_json()["prompts"]
    assert (nothing["total"], nothing["finished"]) == (0, True)
    hotline.speech.voices = {"en": HibariVoice()}
    hotline.prompts.start()
    hotline.prompts.close()
    told = supervisor.get("/studio/api/menus").get_json()["prompts"]
    assert set(told) == {"version", "total", "done", "failed", "language", "finished"}
