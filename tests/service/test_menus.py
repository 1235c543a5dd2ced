import pytest

from ivr.errors import Conflict, InvalidInput, NotFound
from ivr.service.menus import BrokenMenu, read_folder


def edited(hotline, **change):
    files = dict(hotline.menus.draft()["files"])
    for old, new in change.values():
        files["hotline.yaml"] = files["hotline.yaml"].replace(old, new)
    return files


def test_a_broken_menu_never_replaces_a_published_one(hotline):
    before = hotline.menus.published().id
    with pytest.raises(BrokenMenu) as caught:
        hotline.menus.publish(edited(hotline, a=("start: welcome", "start: nowhere")), author="sam")
    assert caught.value.faults[0].rule == "unknown-target"
    assert hotline.menus.published().id == before


def test_a_draft_is_saved_published_and_rolled_back(hotline):
    first = hotline.menus.published().id
    text = edited(hotline, a=("Sunrise Store", "Sunset Store"))["hotline.yaml"]
    hotline.menus.save_draft("hotline.yaml", text, revision=0, by="sam")
    assert hotline.menus.draft()["changed"]
    assert hotline.menus.published().flow.title == "Sunrise Store"
    hotline.menus.publish_draft(by="sam", note="new name")
    assert hotline.menus.published().flow.title == "Sunset Store"
    assert not hotline.menus.draft()["changed"]
    hotline.menus.roll_back(first, by="sam")
    assert hotline.menus.published().flow.title == "Sunrise Store"
    history = hotline.menus.history()
    assert [version["number"] for version in history] == [2, 1]
    assert [version["published"] for version in history] == [False, True]
    assert history[0]["parent"] == first


def test_two_editors_do_not_overwrite_each_other(hotline):
    revision = hotline.menus.save_draft("orders.yaml", "nodes: {}", revision=0, by="sam")
    with pytest.raises(Conflict, match="sam has saved"):
        hotline.menus.save_draft("orders.yaml", "nodes: {a: 1}", revision=0, by="kim")
    hotline.menus.save_draft("orders.yaml", "nodes: {}\n", revision=revision, by="kim")


def test_broken_files_may_be_kept_in_a_draft_but_not_published(hotline):
    hotline.menus.save_draft("orders.yaml", "nodes: [", revision=0, by="sam")
    with pytest.raises(BrokenMenu):
        hotline.menus.publish_draft(by="sam", note="")
    hotline.menus.discard_draft(by="sam")
    with pytest.raises(Conflict):
        hotline.menus.publish_draft(by="sam", note="")


@pytest.mark.parametrize("name", ["../evil.yaml", "/etc/passwd", "a/b.yaml", "script.py", ""])
def test_only_menu_files_have_names(hotline, name):
    with pytest.raises(InvalidInput):
        hotline.menus.save_draft(name, "x", revision=0, by="sam")


def test_an_unknown_version_cannot_be_published(hotline):
    with pytest.raises(NotFound):
        hotline.menus.roll_back("0" * 64, by="sam")


def test_publishing_the_same_files_makes_no_new_version(hotline):
    files = hotline.menus.draft()["files"]
    assert hotline.menus.publish(files, author="sam") == hotline.menus.publish(files, author="kim")
    assert len(hotline.menus.history()) == 1


def test_a_folder_without_menus_or_with_other_bytes_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no menu files"):
        read_folder(tmp_path)
    (tmp_path / "hotline.yaml").write_bytes(b"hotline: \xff\xfe")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_folder(tmp_path)
