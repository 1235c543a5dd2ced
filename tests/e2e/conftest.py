import pytest

from tests.live import live


@pytest.fixture(scope="session")
def prompts(tmp_path_factory):
    """One prompt store for all servers of a run."""
    return tmp_path_factory.mktemp("prompts")


@pytest.fixture(scope="session")
def server(tmp_path_factory, prompts):
    with live(tmp_path_factory.mktemp("live"), prompts) as hotline:
        yield hotline
