"""What a person does: open a reference notebook in JupyterLab, run it, move a slider, look."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect
from support.browser import browser_page, jupyterlab  # noqa: F401  the first is a fixture
from support.notebooks import FOLDER

expect.set_options(timeout=60_000)  # a machine that does other work as well
NAME = "02_before_after_crash.ipynb"
PICTURE = """async image => {
    await image.decode();
    const bytes = await (await fetch(image.src)).arrayBuffer();
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return [image.naturalWidth, Array.from(new Uint8Array(digest)).join()];
}"""


@pytest.fixture(scope="module")
def opened(browser_page, tmp_path_factory):  # noqa: F811
    """The notebook in JupyterLab, after "Run All Cells"."""
    folder, own = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("own")
    shutil.copy(FOLDER / NAME, folder)
    with jupyterlab(folder, own) as (address, token):
        page = browser_page
        page.goto(f"{address}/lab/tree/{NAME}?token={token}")
        # What is run before the kernel is there is not run at all.
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        # The last cell exports the scenario: when the panel shows it, all cells have run.
        expect(page.get_by_label("scenario YAML")).to_have_value(re.compile("mutual_fund: 0.4"))
        yield page
        page.goto("about:blank")


@pytest.fixture
def panel(opened):
    return opened.locator(".widget-vbox", has=opened.locator(".widget-slider")).first


def handle(panel, label):
    """What the Tab key stops at in the slider of that name."""
    name = panel.page.locator(".widget-label", has_text=re.compile(f"^{label}$"))
    return panel.locator(".widget-slider", has=name).get_by_role("slider")


def picture(panel):
    """Width and fingerprint of what the browser has for the panel's picture."""
    return panel.locator("img.widget-image").evaluate(PICTURE)


def concentration(panel):
    """The row of the table, as it is read on the screen."""
    return panel.get_by_role("row").filter(has_text=re.compile("^concentration"))


def test_everything_has_run(opened, panel):
    expect(panel.get_by_role("status")).to_contain_text("Overall score 91.8 (Excellent)")
    expect(opened.locator(".jp-Notebook .jp-RenderedText[data-mime-type$=stderr]")).to_have_count(0)
    expect(
        opened.locator(".jp-Notebook .jp-OutputArea-output[data-mime-type$=error]")
    ).to_have_count(0)


def test_moving_the_fund_slider_changes_number_and_picture(panel):
    expect(concentration(panel)).to_contain_text("24.0%12.0%")
    width, before = picture(panel)
    assert width == 700
    handle(panel, "mutual fund").focus()
    panel.page.keyboard.press("ArrowRight")
    expect(concentration(panel)).to_contain_text("24.0%12.3%")
    width, after = picture(panel)
    assert (width, after) != (700, before)
    panel.page.keyboard.press("End")
    expect(panel.get_by_role("status")).to_contain_text("Overall score 81.3 (Good)")
    assert picture(panel)[1] not in {before, after}


def test_reset_brings_number_and_picture_back(panel):
    panel.get_by_role("button", name="Reset").press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Overall score 91.8 (Excellent)")
    expect(concentration(panel)).to_contain_text("24.0%12.0%")
    assert handle(panel, "mutual fund").get_attribute("aria-valuenow") == "0.4"
