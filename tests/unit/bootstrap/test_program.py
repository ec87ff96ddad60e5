"""Every setting of a door reaches it: none is read and then forgotten."""

from __future__ import annotations

from dataclasses import fields

import pytest

from meganodes.bootstrap.program import main_api_settings, server_settings
from meganodes.bootstrap.server_settings import ServerSettings
from meganodes.bootstrap.settings import Server, load_settings
from meganodes.bootstrap.settings_translated import hub_settings
from meganodes.bootstrap.wiring import callback_settings
from meganodes.bootstrap.worker_member import Post
from meganodes.hub.uses import USUAL_RATES, Use
from meganodes.kit.rate_limit import Rate
from meganodes.main_api.settings import MainApiSettings

NOT_OF_THE_LISTENER = {"workers", "in_flight_max", "in_flight_reserve"}
FIXED = {"body_bytes_max", "sweep_seconds", "freezes_garbage", "descriptor"}


def test_every_setting_of_the_listener_reaches_it() -> None:
    names = set(Server.model_fields) - NOT_OF_THE_LISTENER
    usual = dict.fromkeys(names, 60_000)
    changed: dict[str, object] = usual | {"host": "10.9.8.7", "app_body_bytes_max": 70_000}
    given = server_settings(load_settings(overrides={"server": changed}, environment={}))
    assert {name: getattr(given, name) for name in names} == changed
    assert {field.name for field in fields(ServerSettings)} == names | FIXED | {"trusted_proxies"}


def test_defaults_in_the_code_are_those_of_the_file() -> None:
    settings = load_settings(environment={})
    assert server_settings(settings) == ServerSettings()
    assert main_api_settings(settings) == MainApiSettings()


def test_every_setting_of_the_agents_door_reaches_it() -> None:
    changed = {
        "concurrent_max": 7,
        "body_bytes_max": 5_000,
        "retry_after_seconds": 9,
        "trusted_proxies": ["10.0.0.0/8"],
    }
    given = main_api_settings(load_settings(overrides={"main_api": changed}, environment={}))
    assert (given.in_flight_max, given.body_bytes_max, given.retry_after_seconds) == (7, 5_000, 9)
    assert [str(network) for network in given.trusted_proxies] == ["10.0.0.0/8"]


@pytest.mark.rule("2.1-concurrency-setting")
@pytest.mark.parametrize(("workers", "of_each"), [(1, 50), (2, 25), (3, 17), (31, 2)])
def test_workers_share_the_limit_of_an_agents_requests(workers: int, of_each: int) -> None:
    settings = load_settings(overrides={"server": {"workers": workers}}, environment={})
    assert main_api_settings(settings).in_flight_max == of_each
    assert callback_settings(settings).bulkhead.processes == workers


def test_a_worker_listens_on_the_socket_that_it_has_inherited() -> None:
    post = Post.read("1,7,9")
    assert Post.read(post.write()) == post == Post(seat=1, listener=7, line=9)
    assert server_settings(load_settings(environment={}), post).descriptor == 7


def test_every_limit_on_uses_reaches_the_core() -> None:
    assert hub_settings(load_settings(environment={})).rates == USUAL_RATES
    changed = {
        "office": {"searches_per_minute": 1, "exports_per_minute": 2, "reissues_per_hour": 3},
        "callbacks": {"tests_per_minute": 4},
    }
    assert hub_settings(load_settings(overrides=changed, environment={})).rates == {
        Use.SEARCH: Rate(1, 60),
        Use.EXPORT: Rate(2, 60),
        Use.REISSUE: Rate(3, 3_600),
        Use.CALLBACK_TEST: Rate(4, 60),
    }
