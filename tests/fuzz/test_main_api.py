"""The Main API against its own OpenAPI document: examples, coverage, fuzzing (reliability 3.6)."""

from __future__ import annotations

from typing import Any

import pytest
from schemathesis import Case

from tests.support.fuzz_checks import is_sound
from tests.support.fuzz_values import lived_in, main_api_values
from tests.support.fuzzing import NAMED_APART, SETTINGS, Target, the_schema

pytestmark = pytest.mark.thorough
schema = the_schema("main")


@schema.parametrize()
@NAMED_APART
@SETTINGS
def test_every_answer_is_sound(case: Case[Any], target: Target) -> None:
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.body = lived_in(case.body, main_api_values(target.town))
    is_sound(case, target, target.town.acme.api_token)
