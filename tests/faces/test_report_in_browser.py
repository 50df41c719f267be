"""The report as a person uses it: opened as a file in a real browser, sorted, filtered, turned dark, on a phone.

Needs a Chromium with its driver, such as Debian's packages ``chromium`` and ``chromium-driver``.
"""

from __future__ import annotations

import shutil
from itertools import pairwise

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from embedtune.report.building import build_content
from embedtune.report.html import render
from report_samples import full_source, good_ranks, poor_ranks, record, run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no browser: install chromium and chromium-driver to open the report in one"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where a report of three systems lies."""
    from dataclasses import replace

    plain = full_source()
    runs = [run("base", poor_ranks()), run("tuned", good_ranks()), run("bm25", [2] * len(good_ranks()))]
    made = record(runs, pairs=(("base", "tuned"), ("base", "bm25")))
    made = replace(plain.record, evaluation=made.evaluation, details=made.details)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(build_content(replace(plain, record=made))), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture
def page(window, address):
    """The report, opened anew on a wide and light screen."""
    seen(window, width=1100, theme="light")
    window.get(address)
    window.execute_script("localStorage.clear(); document.documentElement.removeAttribute('data-theme')")
    return window


def seen(window, width, theme):
    window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    # With motion, the page would still scroll when a click is to meet its target.
    features = [{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def column(page, table, number):
    cells = page.find_elements(By.CSS_SELECTOR, f"#{table} tbody tr > :nth-child({number})")
    return [cell.get_attribute("data-value") for cell in cells]


def shown_attributes(page):
    rows = page.find_elements(By.CSS_SELECTOR, "#forest tr[data-attribute]")
    return [row.get_attribute("data-attribute") for row in rows if row.is_displayed()]


def background(page):
    return page.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_it_opens_without_a_complaint_or_a_request(page):
    page.get_log("performance")
    page.refresh()
    asked = [
        entry["message"] for entry in page.get_log("performance") if "Network.requestWillBeSent" in entry["message"]
    ]
    assert all('"url":"file:' in message for message in asked)
    assert page.get_log("browser") == []
    assert page.find_element(By.TAG_NAME, "h1").text == "tuned finds more than base, but not everywhere"


def test_the_first_screen_holds_the_verdict(page):
    for name in ("h1", ".sentence", ".tiles", ".gates summary"):
        place = page.find_element(By.CSS_SELECTOR, name).rect
        assert place["y"] + place["height"] < 900


def test_a_column_is_sorted_down_then_up(page):
    head = page.find_element(By.CSS_SELECTOR, "#systems-table thead th:nth-child(5)")
    head.find_element(By.TAG_NAME, "button").click()
    falling = [float(value) for value in column(page, "systems-table", 5)]
    assert len(falling) == 3
    assert all(one > other for one, other in pairwise(falling))
    assert head.get_attribute("aria-sort") == "descending"
    head.find_element(By.TAG_NAME, "button").click()
    assert [float(value) for value in column(page, "systems-table", 5)] == falling[::-1]
    assert head.get_attribute("aria-sort") == "ascending"


def test_names_are_sorted_from_a_on(page):
    page.find_element(By.CSS_SELECTOR, "#systems-table thead th:nth-child(1) button").click()
    assert column(page, "systems-table", 1) == ["base", "bm25", "tuned"]


def test_slices_are_filtered_by_attribute(page):
    every = shown_attributes(page)
    assert {"", "domain", "difficulty", "category"} <= set(every)
    page.find_element(By.CSS_SELECTOR, "#attributes button[data-attribute='difficulty']").click()
    assert shown_attributes(page) == ["", "difficulty", "difficulty", "difficulty"]
    page.find_element(By.CSS_SELECTOR, "#attributes button[data-attribute='']").click()
    assert shown_attributes(page) == every


def test_another_comparison_can_be_chosen(page):
    titles = [row for row in page.find_elements(By.CSS_SELECTOR, "#forest .axis th") if row.is_displayed()]
    assert [title.text for title in titles] == ["tuned with base"]
    Select(page.find_element(By.ID, "pair")).select_by_visible_text("bm25 with base")
    titles = [row for row in page.find_elements(By.CSS_SELECTOR, "#forest .axis th") if row.is_displayed()]
    assert [title.text for title in titles] == ["bm25 with base"]


def test_a_question_shows_what_was_returned(page):
    question = page.find_element(By.CSS_SELECTOR, ".question")
    assert not question.find_element(By.CSS_SELECTOR, ".answer").is_displayed()
    question.find_element(By.TAG_NAME, "summary").click()
    answers = question.find_elements(By.CSS_SELECTOR, ".answer")
    assert len(answers) == 3
    assert all(answer.is_displayed() for answer in answers)


def test_the_theme_is_the_system_s_until_it_is_chosen(page):
    light = background(page)
    seen(page, width=1100, theme="dark")
    dark = background(page)
    assert dark != light
    page.find_element(By.ID, "theme").click()
    assert background(page) == light
    page.refresh()
    assert background(page) == light


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_take_their_colours_from_the_theme(page, theme):
    seen(page, width=1100, theme=theme)
    colours = page.execute_script(
        "return [...document.querySelectorAll('.chart.wide svg text')].map(t => getComputedStyle(t).fill)"
    )
    ground = background(page)
    assert colours
    assert ground not in colours
    bright = [sum(map(int, colour.strip("rgb()").split(","))) for colour in {*colours}]
    assert all(value > 330 if theme == "dark" else value < 450 for value in bright)


@pytest.mark.parametrize("width", [1100, 360])
def test_nothing_is_wider_than_the_screen(page, width):
    seen(page, width=width, theme="light")
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    wide = page.find_element(By.CSS_SELECTOR, ".chart.wide").is_displayed()
    narrow = page.find_element(By.CSS_SELECTOR, ".chart.narrow").is_displayed()
    assert (wide, narrow) == ((True, False) if width > 720 else (False, True))
