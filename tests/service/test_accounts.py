import pytest

from ivr.errors import Conflict, InvalidInput, NotFound


def test_the_right_password_logs_in_and_no_other(hotline):
    assert hotline.accounts.log_in("ann", "password-1").role == "agent"
    assert hotline.accounts.log_in("ann", "password-2") is None
    assert hotline.accounts.log_in("nobody", "password-1") is None


def test_a_changed_password_counts_at_once(hotline):
    hotline.accounts.set_password("ann", "another-one")
    assert hotline.accounts.log_in("ann", "password-1") is None
    assert hotline.accounts.log_in("ann", "another-one") is not None
    with pytest.raises(NotFound):
        hotline.accounts.set_password("nobody", "another-one")


@pytest.mark.parametrize(
    ("login", "role", "password", "error"),
    [("ann", "agent", "password-1", Conflict), ("x y", "agent", "password-1", InvalidInput),
     ("eve", "king", "password-1", InvalidInput), ("eve", "agent", "short", InvalidInput)],
)  # fmt: skip
def test_bad_accounts_are_refused(hotline, login, role, password, error):
    with pytest.raises(error):
        hotline.accounts.add(login, "x", role, password)


def test_accounts_are_listed_with_their_skills(hotline):
    assert [(user["login"], user["skills"].get("orders")) for user in hotline.accounts.all()] == [
        ("ann", 3),
        ("bob", 1),
    ]
