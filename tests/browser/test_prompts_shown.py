"""The studio's list of versions tells which prompts of the one in use are ready."""

import re

from playwright.sync_api import expect

from tests.browser.test_pages import LONG, log_in


def test_the_version_in_use_tells_how_many_of_its_prompts_are_ready(page, site):
    log_in(page, "sam", "demo-sam-1", "/studio")
    page.click("#tab-menus")
    shown = page.locator('#versions .in-use [data-testid="prompts"]')
    expect(shown).to_have_text(re.compile(r"^(\d+ of )?\d+ prompts ready$"), timeout=LONG)
    expect(page.locator('[data-testid="prompts"]')).to_have_count(1)
