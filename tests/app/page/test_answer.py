import re

from digit_recognition.app.page.answer import answer, no_answer


def read(service, page):
    lines = service.read_array(page).lines
    fields = [digit.mark.field for line in lines for digit in line.digits]
    return lines, service.probabilities(fields)


def test_each_digit_of_a_number_has_its_field_and_its_bars(service, page_of):
    lines, probabilities = read(service, page_of("71"))
    html = answer(lines, probabilities)
    assert re.findall(r'class="number">([^<]*)<', html) == ["71"]
    assert html.count('class="field"') == 2
    assert re.findall(r"<li class=best><b>(\d)</b>", html) == ["7", "1"]


def test_an_accepted_number_and_one_that_is_set_aside_differ_in_words(service, page_of):
    (line,), probabilities = read(service, page_of("7"))
    sure, unsure = (
        answer([type(line)(line.digits, doubts)], probabilities)
        for doubts in ((), ("ink beside it was left out",))
    )
    assert "Not sure" in unsure
    assert "ink beside it was left out" in unsure
    assert ("Accepted" in sure) is not bool(line.reason)
    assert "ink beside" not in sure


def test_a_reason_is_shown_as_text():
    assert "&lt;b&gt;" in no_answer("<b>")
