"""What the page's tests hold its measuring against is what pyproj says now."""

from tests.web.judged_geodesy import FILE, text


def test_the_judge_of_the_page_s_measuring_says_what_the_file_has() -> None:
    assert FILE.read_text(encoding="utf-8") == text()
