"""Alerts, dashboard, unit and image say nothing that the hub does not have."""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from meganodes.bootstrap.alert_post import _ANCHORS, _RUNBOOK
from meganodes.bootstrap.metrics_families import HubCollector
from meganodes.bootstrap.settings import load_settings
from meganodes.bootstrap.wiring import read_database_url
from meganodes.bootstrap.worker_metrics import Shown
from meganodes.bootstrap.worker_sight import GroupSight
from meganodes.kit.database import DatabaseKind
from tests.house.tree import ROOT, text
from tests.support.shown_metrics import some_sources

DEPLOY = ROOT / "deploy"
MONITORING = ROOT / "docs/operating/monitoring.md"
WORDS_OF_PROMQL = {"and", "or", "unless", "by", "on", "ignoring", "without", "bool", "offset"}
FROM_PROMETHEUS = {"up"}


def exported(folder: Path) -> tuple[set[str], set[str]]:
    """The families that /metrics has, and the names of their samples."""
    registry = CollectorRegistry()
    registry.register(HubCollector(some_sources(folder)))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(Shown(GroupSight().own()))
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    samples = {sample.name for family in families for sample in family.samples}
    return {family.name for family in families}, samples


def names_in(expression: str) -> set[str]:
    """The metrics that an expression of PromQL asks for."""
    bare = re.sub(r"\"[^\"]*\"|\{[^}]*\}|\[[^\]]*\]", "", expression)
    bare = re.sub(r"\b(by|on|ignoring|without)\s*\([^)]*\)", "", bare)
    found = re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()", bare)
    return set(found) - WORDS_OF_PROMQL


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(text(DEPLOY / "prometheus/alerts.yml"))["groups"]
    assert len({group["name"] for group in groups}) == len(groups)
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads(text(DEPLOY / "grafana/meganodes.json"))
    found: list[dict[str, Any]] = dashboard["panels"]
    return found


def anchors(page: Path) -> set[str]:
    """What may stand behind # in a link to a page, as its headings make it."""
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def test_every_alert_asks_for_metrics_that_exist(tmp_path: Path) -> None:
    _, samples = exported(tmp_path)
    asked = {name for rule in rules() for name in names_in(rule["expr"])}
    assert asked - samples - FROM_PROMETHEUS == set()


def test_every_alert_is_whole_and_leads_to_its_part_of_the_runbook() -> None:
    seen = [rule["alert"] for rule in rules()]
    assert len(seen) == len(set(seen)) > 15
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert anchor in anchors(ROOT / page), rule["alert"]
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m")), rule["alert"]


def test_every_part_of_the_runbook_is_of_some_alert() -> None:
    linked = {rule["annotations"]["runbook_url"].partition("#")[2] for rule in rules()}
    linked |= set(_ANCHORS.values())
    assert anchors(ROOT / _RUNBOOK) - linked == {"runbook"}


def test_every_alert_of_the_hub_leads_to_its_part_of_the_runbook() -> None:
    assert set(_ANCHORS.values()) <= anchors(ROOT / _RUNBOOK)


@pytest.mark.parametrize("part", ["**Means.**", "**Look at.**", "**Do.**", "**Never.**"])
def test_every_part_of_the_runbook_says_all_four_things(part: str) -> None:
    sections = re.split(r"^## ", text(ROOT / _RUNBOOK), flags=re.MULTILINE)[1:]
    lacking = [section.splitlines()[0] for section in sections if part not in section]
    assert lacking in ([], ["Test alert"])


def test_every_panel_asks_for_metrics_that_exist(tmp_path: Path) -> None:
    _, samples = exported(tmp_path)
    targets = [target for panel in panels() for target in panel.get("targets", ())]
    assert len(targets) > 25
    asked = {name for target in targets for name in names_in(target["expr"])}
    assert asked - samples - FROM_PROMETHEUS == set()


def test_panels_have_numbers_and_places_of_their_own() -> None:
    numbers = [panel["id"] for panel in panels()]
    assert len(numbers) == len(set(numbers))
    covered: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & covered, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        covered |= cells


def test_panels_name_parts_of_the_runbook_that_exist() -> None:
    named = [
        anchor.strip()
        for panel in panels()
        if panel.get("description", "").startswith("runbook: ")
        for anchor in panel["description"].removeprefix("runbook: ").split(",")
    ]
    assert named
    assert set(named) <= anchors(ROOT / _RUNBOOK)


def test_every_metric_is_explained_and_nothing_else(tmp_path: Path) -> None:
    families, _ = exported(tmp_path)
    own = {name for name in families if name.startswith("meganodes_")}
    explained = set(re.findall(r"^\| `(meganodes_\w+)` \|", text(MONITORING), re.MULTILINE))
    assert explained == own


UNITS = ("meganodes", "meganodes-postgresql")


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text(DEPLOY / f"systemd/{name}.service"))
    return parser


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_gives_the_hub_no_more_than_it_needs(name: str) -> None:
    service = unit(name)["Service"]
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "meganodes"
    assert service["User"] != "root"
    assert service["CapabilityBoundingSet"] == ""
    assert service["Restart"] == "on-failure"
    assert service["LoadCredential"].startswith("master.key:")
    settings = load_settings(environment={})
    drain = settings.server.linger_seconds + settings.server.drain_seconds
    assert int(service["TimeoutStopSec"]) > 2 * drain
    assert service["KillMode"] == "mixed", "workers are told to end by their parent"


def test_only_the_unit_with_workers_passes_a_hangup_on() -> None:
    """A hub without workers ends by it, and systemd would take that for a wish."""
    assert "ExecReload" not in unit("meganodes")["Service"]
    assert unit("meganodes-postgresql")["Service"]["ExecReload"] == "/bin/kill -HUP $MAINPID"
    lines = text(DEPLOY / "systemd/meganodes-postgresql.service")
    given = re.findall(r"^Environment=(MEGANODES_\w+)=(.+)$", lines, re.MULTILINE)
    settings = load_settings(environment=dict(given))
    assert settings.server.workers > 1
    assert settings.node_number == "auto"
    assert read_database_url(settings).kind is DatabaseKind.POSTGRESQL


def test_the_units_differ_in_nothing_but_their_database_and_workers() -> None:
    alone, together = (dict(unit(name)["Service"]) for name in UNITS)
    del together["ExecReload"]
    for each in (alone, together):
        del each["Environment"]
    assert alone == together


def test_environment_of_the_unit_and_the_image_are_settings() -> None:
    units = tuple(f"systemd/{name}.service" for name in UNITS)
    places = (*units, "Dockerfile", "nginx/meganodes.conf")
    named = {
        name for place in places for name in re.findall(r"MEGANODES_\w+", text(DEPLOY / place))
    }
    assert named
    for name in named:
        value = "1" if "PORT" in name or "WORKERS" in name else "127.0.0.1"
        given = {name: f"sqlite:///{value}" if "DATABASE" in name else value}
        load_settings(environment=given)


def test_the_image_runs_without_root_and_is_asked_how_it_is() -> None:
    dockerfile = text(DEPLOY / "Dockerfile")
    last = dockerfile.split("\nFROM ")[-1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "RUN" not in last.split(), "nothing is fetched or made in the image that runs"
    assert "HEALTHCHECK" in last
    assert "--require-hashes -r requirements/hub.txt" in dockerfile
    assert dockerfile.count("\nFROM ") == 2


def test_the_builder_of_the_image_sees_no_key_and_no_database() -> None:
    lines = text(ROOT / ".dockerignore").splitlines()
    assert "*" in lines
    assert {"**/*.key", "**/*.db"} <= set(lines)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text(DEPLOY / "Dockerfile"), re.MULTILINE)
    for name in " ".join(copied).split():
        assert f"!{name}" in lines, f".dockerignore keeps {name} from the builder"
        assert (ROOT / name).exists()


def test_the_proxy_shows_no_metrics_and_repeats_nothing() -> None:
    config = text(DEPLOY / "nginx/meganodes.conf")
    assert "location = /metrics { return 404; }" in config
    assert "proxy_next_upstream off;" in config
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in config
    assert config.count("{") == config.count("}")


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (agent) (rate(a_total{x="b_total"}[5m])) / on (c) d > 0.02', {"a_total", "d"}),
        ("time() - last_seconds > 300", {"last_seconds"}),
        ("a unless on (instance) increase(b[1m]) > 1e3", {"a", "b"}),
        ("histogram_quantile(0.99, sum by (le) (rate(c_bucket[5m])))", {"c_bucket"}),
    ],
)
def test_the_reader_of_expressions_finds_metrics(expression: str, names: set[str]) -> None:
    assert names_in(expression) == names
