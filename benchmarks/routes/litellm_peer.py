"""litellm's router before the same servers, in an environment of its own (`make bench-peers`).

Arguments: the addresses as JSON, the strategy, requests, requests a second, the seed. It prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time
from functools import partial

import litellm


def router(urls: list[str], strategy: str) -> litellm.Router:
    """One group of all servers."""
    models = [
        {
            "model_name": "m",
            "litellm_params": {"model": "openai/m", "api_base": f"{url}/v1", "api_key": "none"},
        }
        for url in urls
    ]
    return litellm.Router(model_list=models, routing_strategy=strategy, num_retries=4, timeout=60)


async def overhead(made: litellm.Router, calls: int = 400) -> float:
    """Seconds that the router adds to a call which no server answers: medians, the two taken in turn."""
    asked = {"messages": [{"role": "user", "content": "hi"}], "mock_response": "done"}
    bare, routed = partial(litellm.acompletion, "openai/m", **asked), partial(made.acompletion, "m", **asked)
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * calls):
        begun = time.perf_counter()
        await (routed if number % 2 else bare)()
        took[bool(number % 2)].append(time.perf_counter() - begun)
    return statistics.median(took[True]) - statistics.median(took[False])


async def main(urls: list[str], strategy: str, requests: int, rate: float, seed: int) -> None:
    """Drive it and print what was measured."""
    made = router(urls, strategy)
    arrivals, seconds, failed = random.Random(seed), [], []

    async def one(number: int) -> None:
        begun = time.perf_counter()
        try:
            await made.acompletion("m", messages=[{"role": "user", "content": f"say {number}"}])
        except Exception as error:  # noqa: BLE001 - whatever it is, it counts as failed
            failed.append(type(error).__name__)
            return
        seconds.append(time.perf_counter() - begun)

    await one(-1)
    before = time.process_time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(requests):
            tasks.create_task(one(number))
            await asyncio.sleep(arrivals.expovariate(rate))
    cpu = (time.process_time() - before) / requests
    added = await overhead(router(urls[:1], strategy))
    print(json.dumps({"seconds": seconds, "failed": len(failed), "cpu": cpu, "overhead": added}))


if __name__ == "__main__":
    litellm.suppress_debug_info = True
    _urls, _strategy, _requests, _rate, _seed = sys.argv[1:]
    asyncio.run(main(json.loads(_urls), _strategy, int(_requests), float(_rate), int(_seed)))
