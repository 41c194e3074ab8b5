"""The tabs Upload, Check and Report as a person uses them, in a headless Chromium."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from app.files import encoded, png_that_declares
from app.screens import DESKTOP, PHONE
from PIL import ExifTags, Image
from playwright.sync_api import expect

from digit_recognition.app.reading.limits import MAX_BYTES
from digit_recognition.recognition.reading_tables import READING_COLUMNS

pytest_plugins = ["app.visits"]
pytestmark = pytest.mark.runs

BLANK = encoded(np.full((90, 90), 255, np.uint8))


def files_below(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def download(visitor, area, label):
    with visitor.page.expect_download() as started:
        visitor.page.locator(area).get_by_role("link", name=label, exact=True).click()
    return Path(started.value.path()).read_bytes()


def table_of(data, **options):
    return pd.read_csv(
        io.BytesIO(data), dtype={"number": str}, keep_default_na=False, **options
    )


def test_pictures_of_each_format_are_read_and_no_file_is_left(
    visit, page_of, temporary_files
):
    page = page_of("71")
    forms = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WebP")
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(*((f"a.{form.lower()}", encoded(page, form)) for form in forms))
    rows = visitor.wait_for_rows(len(forms))
    assert [row[0] for row in rows] == [f"a.{form.lower()}" for form in forms]
    assert {row[2] for row in rows} == {"71"}
    heads = visitor.page.locator(".readings th").all_inner_texts()
    assert tuple(heads) == READING_COLUMNS
    assert visitor.page.locator(".annotated img").count() == len(forms)
    assert files_below(temporary_files) == []


def test_the_name_of_a_picture_leads_to_the_annotated_picture(visit, page_of):
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(*((f"{n}.png", encoded(page_of("7"))) for n in range(6)))
    visitor.wait_for_rows(6)
    picture = visitor.page.locator("#picture-6")
    expect(picture).not_to_be_in_viewport()
    visitor.page.get_by_role("link", name="5.png").click()
    expect(picture).to_be_in_viewport()


def test_each_bad_file_gets_a_clear_sentence_and_the_page_goes_on(
    visit, page_of, temporary_files
):
    good = encoded(page_of("7"))
    bad = {
        "truncated.png": (good[: len(good) // 2], "damaged or cut off"),
        "text.png": (b"hello", "expected a picture, received text"),
        "empty.png": (b"", "received an empty file"),
        "bomb.png": (png_that_declares(50_000, 50_000), "expected at most"),
        "page.png": (b"%PDF-1.7\n\x80\x81\x00", "received another kind of file"),
        "blank.png": (BLANK, "nothing written was found"),
    }
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(*((name, data) for name, (data, _) in bad.items()))
    rows = visitor.wait_for_rows(len(bad))
    for row, (name, (_, sentence)) in zip(rows, bad.items(), strict=True):
        assert row[0] == name
        assert row[4] == "false"
        assert sentence in row[5]
    visitor.upload(("good.png", good))
    assert visitor.wait_for_rows(len(bad) + 1)[-1][2] == "7"
    assert files_below(temporary_files) == []


def test_a_file_that_is_too_large_gets_a_sentence_and_the_others_are_read(
    visit, page_of, temporary_files
):
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(
        ("huge.png", bytes(MAX_BYTES + 1)), ("good.png", encoded(page_of("7")))
    )
    huge, good = visitor.wait_for_rows(2)
    assert huge[0] == "huge.png"
    assert "at most 8 MB" in huge[5]
    assert good[:3] == ["good.png", "0", "7"]
    assert files_below(temporary_files) == []


def test_a_file_name_with_html_is_shown_and_not_run(visit, page_of):
    name = "<img src=x onerror=document.title='hacked'>.png"
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload((name, encoded(page_of("7"))))
    (row,) = visitor.wait_for_rows(1)
    assert row[0] == name
    assert visitor.page.title() == "Digit Recognition"


def test_a_picture_is_pasted(visit, page_of):
    visitor = visit(permissions=["clipboard-read", "clipboard-write"], **DESKTOP)
    visitor.open_tab("Upload")
    visitor.page.locator("#pictures").wait_for()
    visitor.page.evaluate(
        """bytes => {
            const type = "image/png";
            const picture = new Blob([new Uint8Array(bytes)], {type});
            return navigator.clipboard.write([new ClipboardItem({[type]: picture})]);
        }""",
        list(encoded(page_of("7"))),
    )
    visitor.page.keyboard.press("Control+V")
    (row,) = visitor.wait_for_rows(1)
    assert row[1:3] == ["0", "7"]


def test_a_photo_of_a_phone_s_camera_is_read_upright(visit, page_of):
    turned = Image.fromarray(page_of("71")).rotate(90, expand=True).convert("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned by 90 degrees
    photo = encoded(turned, "JPEG", quality=95, exif=exif)
    visitor = visit(**PHONE)
    visitor.open_tab("Upload")
    visitor.page.locator("#pictures input[type=file][accept='image/*']").wait_for(
        state="attached"
    )
    with visitor.page.expect_file_chooser() as chooser:
        visitor.page.get_by_role("button", name="Take a photo").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    for count in (1, 2):  # the same photo can be taken twice
        file = {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo}
        chooser.value.set_files(file)
        rows = visitor.wait_for_rows(count)
    assert [row[2] for row in rows] == ["71", "71"]


def test_there_is_no_camera_button_on_a_desktop(visit):
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.page.locator("#pictures").wait_for()
    expect(visitor.page.get_by_role("button", name="Take a photo")).to_be_hidden()


def test_the_downloads_hold_the_table_of_the_page(visit, page_of):
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(("ä;b.png", encoded(page_of("071"))), ("blank.png", BLANK))
    shown = visitor.wait_for_rows(2)
    table = table_of(download(visitor, "#readings", "CSV"))
    assert table.astype(str).replace(
        {"True": "true", "False": "false"}
    ).to_numpy().tolist() == [[cell or "" for cell in row] for row in shown]
    german = download(visitor, "#readings", "CSV with decimal commas")
    pd.testing.assert_frame_equal(table_of(german, sep=";", decimal=","), table)
    sheet = pd.read_excel(
        io.BytesIO(download(visitor, "#readings", "Excel (XLSX)")),
        dtype={"number": str},
        keep_default_na=False,
    )
    assert sheet["number"].tolist() == table["number"].tolist()
    assert sheet["confidence"].tolist() == table["confidence"].tolist()


def test_more_pictures_are_added_until_one_starts_again(visit, page_of):
    visitor = visit()
    visitor.open_tab("Upload")
    for count in (1, 2):
        visitor.upload((f"{count}.png", encoded(page_of("7"))))
        visitor.wait_for_rows(count)
    visitor.page.get_by_role("button", name="Start again").click()
    visitor.page.get_by_text("The table of numbers appears here").wait_for()
    visitor.open_tab("Check")
    visitor.page.get_by_text("From the folder that was read last").wait_for()


def test_a_hundred_numbers_of_the_newest_run_are_checked_without_the_mouse(visit):
    count = 100
    visitor = visit()
    page = visitor.page
    page.get_by_role("tab", name="Draw").focus()
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Check":
            break
    page.keyboard.press("Enter")
    status = page.get_by_role("status", name="Number to check")
    expect(status).to_contain_text(f"Number 1 of {count}: 0.png")
    expect(page.get_by_label("The right digits")).to_be_focused()
    width = page.locator(".cutting").evaluate("image => image.naturalWidth")
    assert 50 < width < 300
    typed = [str(100 + number) for number in range(count)]
    for number, digits in enumerate(typed, 1):
        page.keyboard.type(digits)
        page.keyboard.press("Enter")
        then = f"Number {number + 1} of" if number < count else "Checked: 100 numbers."
        expect(status).to_contain_text(then)
    table = table_of(download(visitor, "#corrected", "CSV"))
    assert table["number"].tolist() == typed
    assert table["accepted"].tolist() == [True] * count
    assert set(table["reason"]) == {"checked by a person, was read as 7"}


def test_one_changes_between_the_uploads_and_the_newest_run(visit):
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(("a.png", BLANK))
    visitor.wait_for_rows(1)
    visitor.open_tab("Check")
    page = visitor.page
    status = page.get_by_role("status", name="Number to check")
    expect(status).to_contain_text("Number 1 of 1: a.png")
    page.get_by_role("button", name=re.compile("the folder that was read")).click()
    expect(status).to_contain_text("Number 1 of 100: 0.png")
    page.get_by_label("The right digits").fill("41")
    page.get_by_label("The right digits").press("Enter")
    expect(status).to_contain_text("Number 2 of 100")
    page.get_by_role("button", name="Check the uploaded pictures instead").click()
    expect(status).to_contain_text("Number 1 of 1: a.png")


def test_a_typing_error_in_a_check_gets_a_sentence_and_b_goes_back(visit):
    visitor = visit(**PHONE)
    visitor.open_tab("Upload")
    visitor.upload(("a.png", BLANK), ("b.png", BLANK))
    visitor.wait_for_rows(2)
    visitor.open_tab("Check")
    page = visitor.page
    status = page.get_by_role("status", name="Number to check")
    box = page.get_by_label("The right digits")
    for typed, then in (
        ("4l", "Expected digits, received “4l”."),
        ("41", "Number 2 of 2"),
        ("b", "Number 1 of 2"),
        ("", "Number 2 of 2"),
        ("x", "Checked: 2 numbers."),
    ):
        box.fill(typed)
        box.press("Enter")
        expect(status).to_contain_text(then)
    table = table_of(download(visitor, "#corrected", "CSV"))
    assert table["number"].tolist() == ["41", ""]


def test_the_table_can_be_downloaded_before_all_is_checked(visit):
    visitor = visit()
    visitor.open_tab("Upload")
    visitor.upload(("a.png", BLANK), ("b.png", BLANK))
    visitor.wait_for_rows(2)
    visitor.open_tab("Check")
    box = visitor.page.get_by_label("The right digits")
    box.fill("41")
    box.press("Enter")
    visitor.page.get_by_text("Number 2 of 2").wait_for()
    visitor.page.get_by_role("button", name="Download the table so far").click()
    table = table_of(download(visitor, "#corrected", "CSV"))
    assert table["number"].tolist() == ["41", ""]
    assert table["accepted"].tolist() == [True, False]


def test_the_report_shows_metrics_pictures_and_origin(visit):
    visitor = visit()
    visitor.open_tab("Report")
    page = visitor.page
    page.get_by_text("90.00%").wait_for()
    expect(page.locator("#report")).to_contain_text(
        "Recipe\nstandard", use_inner_text=True
    )
    picture = page.get_by_role("img", name="Test images that the model got wrong")
    size = picture.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [40, 30]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chart_follows_the_theme(visit, theme):
    visitor = visit(**DESKTOP, color_scheme=theme)
    visitor.open_tab("Report")
    chart = visitor.page.locator(".chart:visible")
    chart.get_by_text("Two points").wait_for()
    text = chart.locator(".gtitle").evaluate("text => getComputedStyle(text).fill")
    back = chart.locator(".main-svg").first.evaluate(
        "svg => getComputedStyle(svg).backgroundColor"
    )
    assert back == "rgba(0, 0, 0, 0)"
    is_light = min(map(int, re.findall(r"\d+", text))) > 200
    assert is_light == (theme == "dark")


def test_the_browser_asks_no_other_host(visit, address, page_of):
    visitor = visit()
    visitor.page.get_by_role("button", name="Example 7", exact=True).click()
    visitor.page.locator("#layers .layer").first.wait_for()
    visitor.open_tab("Upload")
    visitor.upload(("a.png", encoded(page_of("7"))))
    visitor.wait_for_rows(1)
    for name in ("Check", "Report"):
        visitor.open_tab(name)
        visitor.page.wait_for_timeout(1000)
    elsewhere = [
        url
        for url in visitor.asked
        if not url.startswith((address, "data:", f"blob:{address}"))
    ]
    assert len(visitor.asked) > 20
    assert elsewhere == []
