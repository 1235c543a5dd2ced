import pytest

from audio.registry import Engines
from ivr.bootstrap import build
from ivr.dialog.actions import Say
from ivr.dialog.events import Pressed
from ivr.errors import Conflict, InvalidInput, NotFound
from ivr.service.menus import BrokenMenu, check, read_folder, version_id
from ivr.storage.tables import MenuVersionRow, PublishedRow


def edited(hotline, **change):
    files = dict(hotline.menus.draft()["files"])
    for old, new in change.values():
        files["hotline.yaml"] = files["hotline.yaml"].replace(old, new)
    return files


def test_a_broken_menu_never_replaces_a_published_one(hotline):
    before = hotline.menus.published().id
    with pytest.raises(BrokenMenu) as caught:
        hotline.menus.publish(edited(hotline, a=("start: hello", "start: nowhere")), author="sam")
    assert caught.value.faults[0].rule == "unknown-target"
    assert hotline.menus.published().id == before


def test_a_version_that_newer_rules_refuse_still_takes_calls(hotline, clock):
    files = edited(hotline)
    files["policies.yaml"] = "refund: {window_days: many}\n"
    files["orders.yaml"] = files["orders.yaml"].replace("      unavailable: shop_down\n", "", 1)
    assert check(files).flow is None
    with hotline.db.write() as session:  # as an older program has published it
        session.add(
            MenuVersionRow(id="old", number=9, author="sam", note="", files=files, created_at=clock())
        )
        session.add(PublishedRow(version="old", by="sam", at=clock()))
    assert hotline.menus.published().id == "old"
    assert hotline.calls.begin("CA1", "+15550101", "", "webhook").listen is not None
    with pytest.raises(BrokenMenu):
        hotline.menus.publish(files, author="sam")


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
    (tmp_path / "orders.yaml").write_bytes(b"nodes:\n  bye: {goodbye: caf\xe9}\n")
    faults = check(read_folder(tmp_path)).faults
    assert [(fault.file, fault.line, fault.rule) for fault in faults if fault.rule == "not-utf-8"] == [
        ("hotline.yaml", 1, "not-utf-8"),
        ("orders.yaml", 2, "not-utf-8"),
    ]


def test_what_a_caller_would_notice_of_a_draft_is_told_before_it_is_published(hotline):
    files = hotline.menus.draft()["files"]
    edited = files | {"hotline.yaml": files["hotline.yaml"].replace("How can I help?", "What is it?")}
    flow = check(edited).flow
    assert any("What is it?" in change.sentence for change in hotline.menus.changes(flow))
    assert hotline.menus.changes(check(files).flow) == []


def test_a_version_has_author_note_and_parent_and_is_named_by_its_content(hotline):
    files = hotline.menus.draft()["files"]
    first = hotline.menus.history()[0]["id"]
    edited = files | {"hotline.yaml": files["hotline.yaml"].replace("Sunrise Store", "Moon Store")}
    second = hotline.menus.publish(edited, author="sam", note="a new name")
    newest = hotline.menus.history()[0]
    assert (newest["id"], newest["author"], newest["note"], newest["parent"]) == (
        second,
        "sam",
        "a new name",
        first,
    )
    assert second == version_id(edited) != first


def test_a_call_keeps_the_menus_it_began_with_across_a_restart(hotline, clock, shop, carrier):
    hotline.calls.begin("CA1", "+15550101", "", "webhook")
    files = hotline.menus.draft()["files"]
    edited = files | {
        "orders.yaml": files["orders.yaml"].replace("What is your order number?", "Which number?")
    }
    hotline.menus.publish(edited, author="sam")
    again = build(hotline.settings, clock=clock, shop=shop, engines=Engines({}, {}), carrier=carrier)
    try:
        assert "What is your order number?" in said(again.calls.advance("CA1", 1, Pressed(clock(), "1")))
        again.calls.begin("CA2", "+15550101", "", "webhook")
        assert "Which number?" in said(again.calls.advance("CA2", 1, Pressed(clock(), "1")))
    finally:
        again.effects.close()
        again.speech.close()
        again.db.close()


def said(part):
    return " ".join(reply.text for reply in part.replies if isinstance(reply, Say))
