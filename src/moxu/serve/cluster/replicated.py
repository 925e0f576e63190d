"""A model that is served by replicas on a Ray cluster: the interfaces are here, the model is there.

The process of the server has no model. Ray Serve runs copies of it, each a ``Replica`` with a scheduler of its own,
and starts another where one dies; a ``ClusterWorker`` sends each request to one of them.
"""

import hashlib
import re
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from moxu.errors import MoxuError
from moxu.serve.cluster.ray import connected
from moxu.serve.cluster.replica import MakeModel, Replica, Report
from moxu.serve.cluster.share import Share, share_of
from moxu.serve.cluster.worker import ClusterWorker, ReplicaGone, served_by
from moxu.serve.service import ServedModel
from moxu.writers.base import Event, Request

BEGINNING = 512
"""Characters that tell one story from another; a prompt that is shorter is soon read again, wherever it goes."""
ANSWER_SECONDS = 5.0  # in which a replica reports
POLL_SECONDS = 0.2  # between two looks at how the replicas start
TRIALS = 1  # to start a replica, for a model that one cannot load the others cannot either


class RayReplicas:
    """The replicas behind a handle of Ray Serve."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    async def write(self, number: str, request: Request) -> AsyncGenerator[Sequence[Event | MoxuError]]:
        from ray.exceptions import RayActorError

        story = story_of(request.prompt)
        answer = self._handle.options(method_name="write", stream=True, session_id=story).remote(number, request)
        ended = False
        try:
            async for events in answer:
                yield events
            ended = True
        except RayActorError as error:
            ended = True
            raise ReplicaGone from error
        finally:
            if not ended:
                answer.cancel()

    async def cancel(self, number: str) -> None:
        await self._of_all("cancel", number)

    async def reports(self) -> list[Report]:
        return [one for one in await self._of_all("report") if isinstance(one, Report)]

    async def _of_all(self, method: str, *arguments: Any) -> list[Any]:
        """Return what each replica answers, or the exception where one does not."""
        from ray.exceptions import RayError

        try:
            calls = self._handle.broadcast(method, *arguments)
            answers: list[Any] = await calls.results_async(timeout_s=ANSWER_SECONDS, return_exceptions=True)
        except (RayError, TimeoutError) as error:
            return [error]
        return answers


@contextmanager
def replicated(
    make: MakeModel,
    name: str,
    *,
    slots: int,
    replicas: int | None,
    threads: int | None,
    use_gpus: bool,
    address: str | None,
    say: Callable[[str], None],
) -> Iterator[ServedModel]:
    """Serve a model from replicas, which ``make`` it, until the block is left.

    ``address`` is that of a cluster that is there (None: one of this machine, as long as it is needed). Raises
    SettingsError where Ray is missing, nobody answers at the address or the replicas do not fit, and MoxuError with
    what prevents a replica from starting.
    """
    with connected(address) as machines:
        share = share_of(machines, replicas=replicas, threads=threads, use_gpus=use_gpus)
        with _deployed(make, share, slots, say) as handle:
            description = handle.describe.remote().result()
            worker = ClusterWorker(
                RayReplicas(handle),
                description.facts,
                description.fields["tokenizer"],
                name,
                slots=slots,
                count=share.replicas,
            )
            try:
                yield served_by(worker, description)
            finally:
                worker.close()


@contextmanager
def _deployed(make: MakeModel, share: Share, slots: int, say: Callable[[str], None]) -> Iterator[Any]:
    """Let Ray Serve run the replicas, wait until all are ready, and take them away in the end."""
    from ray import serve
    from ray.serve.schema import LoggingConfig

    application = f"moxu-{secrets.token_hex(4)}"  # others may be on the cluster
    serve.start(proxy_location="Disabled", logging_config=LoggingConfig(log_level="ERROR", enable_access_log=False))
    try:
        deployment = _deployment(share, slots).bind(make)
        target = serve.RunTarget(deployment, name=application, route_prefix=None)
        (handle,) = serve.run_many([target], wait_for_applications_running=False)
        _wait_until_ready(application, share.replicas, say)
        yield handle
    finally:
        serve.delete(application, _blocking=False)


def _deployment(share: Share, slots: int) -> Any:
    from ray import serve
    from ray.serve.config import RequestRouterConfig

    router = RequestRouterConfig(
        request_router_class="moxu.serve.cluster.routing.StoryRouter",
        request_router_kwargs={"num_fallback_replicas": share.replicas},
    )
    return serve.deployment(
        Replica,
        name="Replica",
        num_replicas=share.replicas,
        ray_actor_options={"num_cpus": share.cpus, "num_gpus": share.gpus},
        max_ongoing_requests=slots,
        max_queued_requests=-1,  # the worker counts
        max_constructor_retry_count=TRIALS,
        request_router_config=router,
        health_check_period_s=5,
        graceful_shutdown_timeout_s=5,
        logging_config={"log_level": "ERROR", "enable_access_log": False},
    )


def _wait_until_ready(application: str, replicas: int, say: Callable[[str], None]) -> None:
    """Wait for all replicas, and say how many there are; MoxuError where one cannot start."""
    from ray import serve

    told = 0
    while True:
        state = serve.status().applications[application]
        deployment = state.deployments.get("Replica")
        ready = 0 if deployment is None else int(deployment.replica_states.get("RUNNING", 0))
        for number in range(told, ready):
            say(f"replica {number + 1} of {replicas} ready")
        told = max(told, ready)
        if state.status == "RUNNING":
            return
        if state.status in ("DEPLOY_FAILED", "UNHEALTHY") or (deployment and deployment.status == "DEPLOY_FAILED"):
            raise MoxuError(reason_of("" if deployment is None else deployment.message))
        time.sleep(POLL_SECONDS)


def reason_of(message: str) -> str:
    """Return what a replica raised, out of the traceback that Ray Serve has of it."""
    raised = _RAISED.findall(message)
    if not raised:
        return "the replicas could not be started; the logs of Ray Serve say why"
    kind, said = raised[-1]
    return said if kind.startswith("moxu.") else f"the replicas could not be started: {kind}: {said}"


_RAISED = re.compile(r"^([A-Za-z_][\w.]*): (.+)$", re.MULTILINE)


def story_of(prompt: str) -> str:
    """Return what requests to go on with the same story have in common, "" for a prompt that is short."""
    if len(prompt) < BEGINNING:
        return ""
    return hashlib.blake2b(prompt[:BEGINNING].encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
