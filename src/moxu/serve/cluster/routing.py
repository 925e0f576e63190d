"""Which replica a request goes to: a story to the one that remembers its beginning, anything else to the least busy."""

from typing import Any

from ray.serve.experimental.consistent_hash_router import ConsistentHashRouter


class StoryRouter(ConsistentHashRouter):  # type: ignore[misc]  # Ray is not typed
    """Ray's router by session, the session being a story; what has none goes where the fewest requests are.

    A replica whose slots are all taken is passed over.
    """

    async def choose_replicas(self, candidate_replicas: list[Any], pending_request: Any = None) -> list[list[Any]]:
        """Return the replicas to try, in ranks: within each, Ray takes the one with the fewest requests."""
        if pending_request is None or pending_request.metadata.session_id:
            ranks: list[list[Any]] = await super().choose_replicas(candidate_replicas, pending_request)
            return ranks
        pending_request.routing_context.should_backoff = True
        return [candidate_replicas]
