"""Answers in order, whatever the processes do."""

import functools
import os

import pytest

from keras_fer.commands.worker_pool import in_order
from squaring import make_worker


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.mark.parametrize("num_workers", [1, 2])
def test_tasks_are_answered_in_order_and_workers_made_once(num_workers, log):
    make = functools.partial(make_worker, log)
    found = list(in_order(make, range(9), num_workers))
    assert [task for task, _ in found] == list(range(9))
    assert [answer for _, (answer, _) in found] == [n**2 for n in range(9)]
    processes = {process for _, (_, process) in found}
    assert (os.getpid() in processes) == (num_workers == 1)
    assert len(list(log.parent.iterdir())) == len(processes) <= num_workers


def test_few_tasks_are_taken_ahead(log):
    taken = []

    def tasks():
        for number in range(50):
            taken.append(number)
            yield number

    answers = in_order(functools.partial(make_worker, log), tasks(), 2)
    next(answers)
    assert len(taken) <= 5
    answers.close()


def test_a_task_that_ends_its_process_is_told_and_the_others_answered(log):
    make = functools.partial(make_worker, log, fatal=(2,))
    found = dict(in_order(make, range(6), 2))
    assert list(found) == list(range(6))
    assert [n for n, answer in found.items() if answer is None] == [2]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_what_a_worker_raises_is_raised(num_workers, log):
    make = functools.partial(make_worker, log)
    with pytest.raises(ValueError, match="a wrong number"):
        list(in_order(make, [1, "wrong", 2], num_workers))
