"""The report for build servers: one suite for each section, one test case for each case."""

from itertools import groupby
from xml.etree import ElementTree as ET

from meganodes.certification.case import Verdict
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.reports.shown import shown
from meganodes.certification.reports.text import finding_lines


def write_junit(report: Report) -> str:
    """Write JUnit's XML; what was not judged or does not apply is skipped, with its reason."""
    root = ET.Element("testsuites", {"name": "meganodes certify", **_sums(report.cases)})
    for section, cases in groupby(report.cases, key=lambda case: case.section):
        listed = tuple(cases)
        suite = ET.SubElement(root, "testsuite", {"name": str(section), **_sums(listed)})
        for case in listed:
            _add_case(suite, case, report.url)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _sums(cases: tuple[CaseReport, ...]) -> dict[str, str]:
    verdicts = [case.verdict for case in cases]
    skipped = verdicts.count(Verdict.NOT_JUDGED) + verdicts.count(Verdict.NOT_APPLICABLE)
    return {
        "tests": str(len(cases)),
        "failures": str(verdicts.count(Verdict.FAILED)),
        "errors": "0",
        "skipped": str(skipped),
        "time": f"{sum(case.duration_seconds for case in cases):.3f}",
    }


def _add_case(suite: ET.Element, case: CaseReport, url: str) -> None:
    entry = ET.SubElement(
        suite,
        "testcase",
        name=f"{case.id}: {case.title}",
        classname=f"meganodes.{case.section}",
        time=f"{case.duration_seconds:.3f}",
    )
    if case.finding is not None:
        kind = "money" if case.money else "protocol"
        failure = ET.SubElement(entry, "failure", message=shown(case.finding.came), type=kind)
        failure.text = "\n".join(finding_lines(case, url))
    elif case.verdict is not Verdict.PASSED:
        ET.SubElement(entry, "skipped", message=shown(case.reason))
