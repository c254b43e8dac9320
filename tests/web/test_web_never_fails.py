"""Whatever is sent, the API does not fail, and answers as it says: schemathesis asks by its description."""

import time

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)
from web_laboratory import DIGEST, Web

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=7,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def known(web: Web) -> str:
    """An order with a run, and users with several roles."""
    order = web.do(web.site.order())
    web.hub.laboratory.store.journals.append("here", order.id, 1, [], time.time())
    web.hub.laboratory.store.orders.assign(order.id, "acme")
    web.users.put("staff", roles={"operator", "reviewer", "approver"}, password=DIGEST)
    return order.id


@pytest.mark.parametrize(
    ("user", "role"), [("staff", "operator"), ("customer", "customer"), ("administrator", "administrator")]
)
def test_no_request_makes_it_fail(web: Web, known: str, user: str, role: str) -> None:
    with web.token(user, role) as client:
        headers = {"Authorization": client.headers["Authorization"]}
    schema = schemathesis.openapi.from_url(f"{web.url}/api/v1/openapi.json")
    there = {"run": known, "order": known, "station": "here"}
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @BOUNDED
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            # Addresses that name something get further than those that name nothing.
            for name in (case.path_parameters or {}).keys() & there.keys():
                case.path_parameters[name] = there[name]
            case.headers = {**(case.headers or {}), **headers}
            answer = case.call(base_url=web.url, timeout=60.0)  # what is imported first takes its time
            case.validate_response(answer, checks=CHECKS)
            asked += 1

        ask()
    assert asked > 100
