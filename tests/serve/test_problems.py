import json

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from moxu.errors import SettingsError
from moxu.serve.batching.requests import Busy, WorkerError
from moxu.serve.problems import Problem, as_kobold, as_openai, problem_of, response


class Inner(BaseModel):
    content: str | list[int]


class Outer(BaseModel):
    messages: list[Inner]


def test_the_error_object_has_its_four_fields() -> None:
    problem = Problem(404, "no model 'x'", param="model", code="model_not_found")
    assert as_openai(problem) == {
        "error": {
            "message": "no model 'x'",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SettingsError("top_p is 2"), 400),
        (Busy("full", 7), 503),
        (WorkerError("the model failed"), 500),
        (HTTPException(404), 404),
        (HTTPException(405, headers={"allow": "GET"}), 405),
        (HTTPException(400, "anything"), 400),
        (Problem(413, "too large"), 413),
        (ValueError("a secret"), 500),
    ],
)
def test_every_exception_has_its_status(error: Exception, status: int) -> None:
    assert problem_of(error).status == status


def test_nothing_of_an_unexpected_exception_is_told() -> None:
    assert "secret" not in str(as_openai(problem_of(ValueError("a secret"))))


def test_who_is_sent_away_is_told_when_to_come_again() -> None:
    assert response(problem_of(Busy("full", 7)), "/v1/models").headers["retry-after"] == "7"


def test_a_method_that_is_not_possible_is_told_with_one_that_is() -> None:
    answer = response(problem_of(HTTPException(405, headers={"Allow": "POST"})), "/v1/completions")
    assert answer.headers["allow"] == "POST"
    assert b"use POST" in answer.body


def test_a_validation_error_names_the_place_of_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"messages": [{"content": "a"}, {"content": {}}]})
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    problem = problem_of(RequestValidationError(errors))
    assert problem.status == 400
    assert problem.param == "messages[1].content"


def test_half_a_surrogate_pair_in_a_message_can_be_sent() -> None:
    body = response(Problem(400, "unknown \ud800"), "/v1/completions").body
    assert json.loads(bytes(body))["error"]["message"] == "unknown ?"


def test_kobolds_clients_get_their_own_error_object() -> None:
    assert as_kobold(Problem(404, "nothing \ud800")) == {"detail": {"msg": "nothing ?", "type": "not_found"}}
    assert as_kobold(Problem(400, "no", code="out_of_range"))["detail"]["type"] == "out_of_range"
    assert as_kobold(Problem(400, "no"))["detail"]["type"] == "invalid_request_error"
    assert as_kobold(problem_of(Busy("full", 7)))["detail"]["type"] == "service_unavailable"
    answer = response(Problem(400, "no"), "/api/v1/generate")
    assert set(json.loads(bytes(answer.body))) == {"detail"}
