import re
from typing import Any

import pytest

from moxu.errors import SettingsError
from moxu.serve.cluster.share import Machine, Share, share_of


def test_without_a_number_there_is_one_replica_for_each_machine_and_it_has_all_its_cores() -> None:
    assert share_of([Machine(8, 0), Machine(4, 0), Machine(0, 0)]) == Share(replicas=2, cpus=4, gpus=0)


def test_without_a_number_there_is_one_replica_for_each_graphics_card() -> None:
    assert share_of([Machine(32, 4), Machine(64, 0)]) == Share(replicas=4, cpus=1, gpus=1)


def test_graphics_cards_are_left_alone_when_the_processor_is_asked_for() -> None:
    assert share_of([Machine(8, 1)], replicas=2, use_gpus=False) == Share(replicas=2, cpus=4, gpus=0)


def test_replicas_divide_the_cores_of_a_machine() -> None:
    assert share_of([Machine(8, 0), Machine(8, 0)], replicas=3) == Share(replicas=3, cpus=4, gpus=0)


def test_each_replica_has_the_threads_that_were_asked_for() -> None:
    assert share_of([Machine(8, 0)], replicas=2, threads=3) == Share(replicas=2, cpus=3, gpus=0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"replicas": 3}, "3 replicas need 1 core each, but the cluster has 2 cores and room for 2"),
        ({"replicas": 1, "threads": 4}, "1 replica needs 4 cores, but the cluster has 2 cores and room for 0"),
    ],
)
def test_replicas_that_do_not_fit_are_refused_in_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        share_of([Machine(2, 0)], **options)


def test_more_replicas_than_graphics_cards_are_refused() -> None:
    with pytest.raises(SettingsError, match="room for 1"):
        share_of([Machine(8, 1)], replicas=2)


def test_a_cluster_without_processors_is_refused() -> None:
    with pytest.raises(SettingsError, match="no machine"):
        share_of([Machine(0, 0)])
