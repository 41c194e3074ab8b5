"""The tab Draw as a person uses it, in a headless Chromium."""

import re

import pytest
from app.screens import DESKTOP, PHONE
from playwright.sync_api import expect

pytest_plugins = ["app.visits"]
pytestmark = pytest.mark.runs

SEVEN = [
    (-0.3, -0.6),
    (0, -0.62),
    (0.35, -0.65),
    (0.2, -0.2),
    (0.05, 0.2),
    (-0.05, 0.65),
]
ONE = [(0, -0.6), (0, 0.6)]


def shifted(stroke, by):
    return [(x + by, y) for x, y in stroke]


def test_a_drawn_7_is_read_with_its_field_and_ten_bars(visit):
    visitor = visit()
    visitor.stroke(*SEVEN)
    visitor.wait_for_number("7")
    page = visitor.page
    assert page.locator("#answer .bars li").count() == 10
    assert page.locator("#answer .bars .best b").inner_text() == "7"
    field = page.locator("#answer .field")
    assert field.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [
        *(28, 28)
    ]
    verdict = page.locator("#answer .verdict b").inner_text()
    assert verdict in ("Accepted", "Not sure")


def test_the_layers_and_the_drawing_without_preparation_follow(visit):
    visitor = visit()
    visitor.stroke(*SEVEN)
    page = visitor.page
    page.locator("#layers .layer").first.wait_for()
    titles = page.locator("#layers h4").all_inner_texts()
    assert titles == ["conv1", "pool1", "logits"]
    shapes = page.locator("#layers .layer p").all_inner_texts()
    assert shapes[0] == "convolution, shape 28 x 28 x 2"
    captions = page.locator(".comparison figcaption").all_inner_texts()
    assert captions[0].startswith("With preparation\nread as 7, ")
    assert re.match(r"Without: the whole drawing, reduced\nread as \d, ", captions[1])


def test_two_digits_after_clear_are_read_as_a_number(visit):
    visitor = visit()
    visitor.stroke(*SEVEN)
    visitor.wait_for_number("7")
    visitor.page.get_by_role("button", name="Clear").click()
    visitor.page.get_by_text("The answer appears here.").wait_for()
    visitor.stroke(*shifted(SEVEN, -0.8))
    visitor.stroke(*shifted(ONE, 0.6))
    visitor.wait_for_number("71")
    cards = visitor.page.locator("#answer .card")
    assert cards.locator(".field").count() == 2
    assert cards.locator(".digit").all_inner_texts() == ["7", "1"]
    visitor.page.get_by_label("Digit 2: 1").check()
    caption = visitor.page.locator(".comparison figcaption").first
    expect(caption).to_contain_text("read as 1,")


def test_undo_takes_the_last_stroke_back(visit):
    visitor = visit()
    visitor.stroke(*shifted(SEVEN, -0.8))
    visitor.stroke(*shifted(ONE, 0.6))
    visitor.wait_for_number("71")
    visitor.page.get_by_role("button", name="Undo stroke").click()
    expect(visitor.page.locator("#answer .number")).to_have_text("7")


def test_a_finger_draws_on_a_phone_and_the_page_does_not_scroll(visit):
    visitor = visit(**PHONE)
    session = visitor.context.new_cdp_session(visitor.page)

    def touch(kind, *point):
        points = [dict(zip("xy", point, strict=True))] if point else []
        event = {"type": kind, "touchPoints": points}
        session.send("Input.dispatchTouchEvent", event)

    start, *others = [visitor.place(*point) for point in SEVEN]
    touch("touchStart", *start)
    for place in others:
        touch("touchMove", *place)
    touch("touchEnd")
    visitor.wait_for_number("7")
    assert visitor.page.evaluate("scrollY") == 0


def test_an_example_is_chosen_with_the_keyboard(visit):
    visitor = visit()
    page = visitor.page
    page.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(20):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        if label == "Example 35":
            break
    page.keyboard.press("Enter")
    visitor.wait_for_number("35")


def test_a_scribble_is_set_aside_with_a_reason(visit):
    visitor = visit()
    visitor.stroke((-0.9, -0.4), (0.9, 0.2), (-0.9, 0.1), (0.8, -0.3), (-0.7, -0.1))
    visitor.page.locator("#answer .headline.review").wait_for()
    assert visitor.page.locator("#answer .verdict b").inner_text() == "Not sure"
    verdict = visitor.page.locator("#answer .verdict").inner_text()
    assert len(verdict) > len("Not sure") + 5


def test_a_screen_reader_hears_the_answer_and_names_the_controls(visit):
    visitor = visit()
    page = visitor.page
    page.get_by_role("img", name=re.compile("^Drawing area")).wait_for()
    page.get_by_role("heading", name="Digit Recognition").wait_for()
    visitor.stroke(*SEVEN)
    answer = page.get_by_role("status", name="Answer")
    expect(answer).to_contain_text("7")
    answer.get_by_role("list", name="Probability of each digit").wait_for()
    assert page.locator("img:not([alt])").count() == 0
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_answer_is_legible_and_nothing_is_cut_off(visit, contrast, theme, screen):
    visitor = visit(**screen, color_scheme=theme)
    page = visitor.page
    for example in ("Example 2026", "Example 1 or 7"):
        page.get_by_role("button", name=example, exact=True).click()
        page.locator("#answer .headline").wait_for()
        page.wait_for_timeout(200)
        for text in (".number", ".verdict b", ".legend", ".bars li", "figcaption"):
            assert contrast(page.locator(text).first) >= 4.5, text
        width, inner = page.evaluate("[document.body.scrollWidth, innerWidth]")
        assert width <= inner
    for name in ("Upload", "Check", "Report"):
        visitor.open_tab(name)
        page.wait_for_timeout(200)
        width, inner = page.evaluate("[document.body.scrollWidth, innerWidth]")
        assert width <= inner, name
