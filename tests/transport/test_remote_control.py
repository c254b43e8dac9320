"""Who may do what to a run, and whose answer counts."""

import threading

import pytest

from remotecal.model import Text
from remotecal.procedures.prompts import Question
from remotecal.transport.remote_control import ON_SITE, RemoteControl

QUESTION = Question(Text(en="Is it wet?"), ("yes", "no"), "choice")


@pytest.fixture
def remote() -> RemoteControl:
    return RemoteControl("run")


def ask(remote: RemoteControl) -> tuple[threading.Thread, list[str]]:
    """Ask in a thread, as a run does, and wait until the question is open."""
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(remote.answer(QUESTION, lambda: None)))
    thread.start()
    while not remote.live().prompt:
        thread.join(0.001)
    return thread, answers


def test_the_first_answer_counts_and_the_second_hears_of_it(remote: RemoteControl) -> None:
    thread, answers = ask(remote)
    asked = remote._asked
    assert remote.give(1, "yes", "Li Wei") == ""
    remote._asked = asked  # as long as the run has not noticed the first answer
    assert remote.give(1, "no", ON_SITE) == "Li Wei was first: yes"
    thread.join()
    assert answers == ["yes"]


@pytest.mark.parametrize(
    ("number", "answer", "said"), [(2, "yes", "not open"), (1, "maybe", "answer one of")]
)
def test_an_answer_that_does_not_fit(remote: RemoteControl, number: int, answer: str, said: str) -> None:
    thread, answers = ask(remote)
    assert said in remote.give(number, answer, "Li Wei")
    remote.give(1, "no", "Li Wei")
    thread.join()
    assert answers == ["no"]


def test_a_run_that_must_stop_waits_for_no_answer(remote: RemoteControl) -> None:
    remote.control.abort("enough")
    with pytest.raises(Exception, match="enough"):
        remote.answer(QUESTION, remote.control.check)
    assert remote.live().prompt == 0


def test_the_person_on_site_needs_nobodys_leave(remote: RemoteControl) -> None:
    assert remote.obey("pause", "Li Wei", "", 0).done
    assert remote.obey("go_on", ON_SITE, "", 0).done
    assert remote.live().holder == "Li Wei"
    assert remote.live().state == "running"


def test_a_run_that_is_over_obeys_nobody(remote: RemoteControl) -> None:
    remote.ended = "finished"
    answer = remote.obey("take_control", "Li Wei", "", 0)
    assert not answer.done
    assert answer.reason == "the run is over: finished"
    assert remote.live().state == "finished"
