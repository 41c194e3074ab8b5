from digit_recognition.datasets.damage import describe_damage


def test_the_reason_is_the_first_line_or_the_class():
    assert describe_damage(ValueError("bad magic\nand more")) == "bad magic"
    assert describe_damage(EOFError()) == "EOFError"


def test_a_reason_that_quotes_a_damaged_file_is_cut():
    reason = describe_damage(ValueError("x" * 5000))
    assert reason == "x" * 199 + "…"
