"""`make verify`: what it says of outputs that differ, and that its list is of these sources."""

import verify

LISTED = {"notebooks/a.ipynb": "1", "html/a.html": "2", "html/_static/b.css": "3"}


def test_the_list_is_of_these_sources():
    lines = verify.LIST.read_text("utf-8").splitlines()
    sentence = "checksums.txt is of other sources: run `make checksums`"
    assert lines[1] == f"# sources {verify.digest_of_sources()}", sentence


def test_the_same_is_said_to_be_the_same():
    assert verify.compare(LISTED, LISTED) == []


def test_the_first_page_that_differs_is_named_and_whether_it_is_a_number_or_the_setting():
    made = {**LISTED, "notebooks/a.ipynb": "0", "html/a.html": "0"}
    first, why = verify.compare(LISTED, made)
    assert first == "2 of 3 files differ; the first in the book: notebooks/a.ipynb."
    assert "a number" in why
    first, why = verify.compare(LISTED, {**LISTED, "html/_static/b.css": "0"})
    assert first.endswith("html/_static/b.css.")
    assert "how they are set" in why


def test_what_is_missing_or_new_is_named():
    made = {"html/a.html": "2", "html/_static/b.css": "3", "html/c.html": "4"}
    missing, new = verify.compare(LISTED, made)
    assert missing == "1 files are missing, the first: notebooks/a.ipynb."
    assert new == "1 files are not in the list, the first: html/c.html."
