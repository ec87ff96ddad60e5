"""The report as a page: everything in it, nothing from elsewhere, and strangers' bytes as text."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.reports.html import write_html
from tests.support.certifying import a_failed_case, a_report, a_step, an_answer
from tests.support.practice import agreed, certified

_VOID = {"meta"}


class Page(HTMLParser):
    """Counts the elements of a page and demands that each is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_finding_is_told_with_its_step_and_command() -> None:
    page = Page(write_html(a_report(a_failed_case())))
    for words in (
        "Not certified: 1 failed; 1 of the findings is about money.",
        "Cents for units.",
        "Divide by 100.",
        '{"command":"bet"}',
        '{"result":31}',
        "curl -sS -i https://casino.example/callback",
    ):
        assert words in page.words


def test_a_real_report_is_one_page_that_fetches_nothing() -> None:
    report = certified(HonestBackend, agreed())
    page = Page(write_html(report))
    assert page.names.count("details") > len(report.cases)
    assert not {"src", "href", "action"} & set(page.attributes)
    assert not {"link", "img", "iframe"} & set(page.names)
    assert "Certified: " in page.words


def test_what_a_backend_sends_stands_there_as_text() -> None:
    evil = an_answer(b"</pre><script>alert(1)</script><img src=x onerror=alert(1)>")
    plain = Page(write_html(a_report(a_failed_case())))
    page = Page(write_html(a_report(a_failed_case(steps=(a_step(answer=evil),)))))
    assert page.names == plain.names
    assert "<script>alert(1)</script>" in page.words


def test_what_stands_between_backticks_is_shown_as_code() -> None:
    case = a_failed_case()
    assert case.finding is not None
    told = replace(case, finding=replace(case.finding, mend="Write `amount < 1`, and no more."))
    assert "Write <code>amount &lt; 1</code>, and no more." in write_html(a_report(told))
