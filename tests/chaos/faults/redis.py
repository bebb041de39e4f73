"""Redis dies, forgets, is full, or brings bells twice and late: it carries hints only."""

from __future__ import annotations

import time

from orchestrator.doorbell import RING_TASK, celery_app
from tests.chaos.cluster import Cluster
from tests.chaos.faults.catalogue import fault
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, chain, fan, layers


def _cases(name: str) -> list[Case]:
    return [
        chain(f"{name}-chain{n}", 10, ms=450, followed=n == 0) for n in range(3)
    ] + [fan(f"{name}-fan", 8, ms=500), layers(f"{name}-layers", 4, 3, ms=300)]  # fmt: skip


@fault(
    "Redis is killed and comes back empty after 8 s", "every run ends; bells come from the sweep", short=True
)
def killed(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, _cases("redis-kill")) as wave:
        wave.until(wave.at_work)
        cluster.redis.kill()
        result.faults += 1
        with Wave(cluster, _cases("redis-away")) as deaf:  # handed in while no bell can be rung
            time.sleep(8)
            cluster.redis.start(empty=True)
    wave.settle(result)
    deaf.settle(result)


@fault("Redis is restarted three times", "every run ends")
def restarted(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, _cases("redis-restart")) as wave:
        wave.until(wave.at_work)
        for _ in range(3):
            cluster.redis.kill()
            cluster.redis.start()
            wave.hit(result)
            time.sleep(1.5)
    wave.settle(result)


@fault("FLUSHALL, ten times", "every run ends", short=True)
def flushed(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, _cases("flushall")) as wave, cluster.redis.client() as client:
        wave.until(wave.at_work)
        for _ in range(10):
            client.flushall()
            wave.hit(result)
            time.sleep(0.3)
    wave.settle(result)


@fault("Redis has no memory left for 8 s (noeviction)", "every run ends; no bell can be sent")
def full(cluster: Cluster, result: Result) -> None:
    with cluster.redis.client() as client:
        client.config_set("maxmemory", 1)
        try:
            with Wave(cluster, _cases("redis-full")) as wave:
                wave.hit(result)
                time.sleep(8)
                client.config_set("maxmemory", 0)
        finally:
            client.config_set("maxmemory", 0)
    wave.settle(result)


@fault("300 bells too many, late ones, and messages nobody knows", "nothing is done twice", short=True)
def rung_too_often(cluster: Cluster, result: Result) -> None:
    app = celery_app(cluster.redis.url)
    with Wave(cluster, _cases("bells")) as wave:
        for n in range(300):
            app.send_task(RING_TASK, queue="default")
            if n % 50 == 0:
                app.send_task("toolpath.unknown", queue="default")
        result.faults += 300
    wave.settle(result)
    # Bells that come when all is over.
    for _ in range(50):
        app.send_task(RING_TASK, queue="default")
    app.close()
    result.faults += 50
