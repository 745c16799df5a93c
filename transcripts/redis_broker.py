"""Light tasks in Redis, where REDIS_URL names one. Loaded only then."""

from django_q.brokers import Broker
from django_q.brokers.redis_broker import Redis as DjangoQRedis
from django_q.conf import Conf
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from transcripts.light import Patient

ANSWER_SECONDS = 5.0
"""How long Redis may take to answer. Waiting for a task takes it a second."""


class RedisBroker(Patient, DjangoQRedis):  # type: ignore[misc]  # django-q2 has no types.
    """Light tasks in Redis. Each is given out once at most, so it must be one that another run makes up for."""

    away = (*Patient.away, RedisError)

    # How a cluster is doing, twice a second, matters on its own machine only; in Redis it would be an error in the log each
    # time that Redis is away.
    set_stat, get_stat, get_stats = Broker.set_stat, Broker.get_stat, Broker.get_stats

    @staticmethod
    def get_connection(list_key: str | None = None) -> Redis:
        """Return a connection that fails at once where Redis is away: who waits for it may hold the database's lock."""
        return Redis.from_url(
            Conf.REDIS,
            retry=Retry(NoBackoff(), 1),
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )
