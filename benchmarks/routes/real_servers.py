"""Eight model servers on this machine, like the simulated ones; prints their addresses."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import sys

from benchmarks.routes.servers import GOOD, PLACES, SIGMA, SLOW
from tests.servers import free_port
from tools.testing_server import Answer, LoopbackServer, Received, json_answer

_REPLY = {
    "id": "c",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "done"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
}


def server(kind: str, mean: float, seed: int) -> LoopbackServer:
    """One that answers chats."""
    drawn, places = random.Random(seed), asyncio.Semaphore(PLACES)

    async def answer(received: Received) -> Answer:
        if not received.path.endswith("/chat/completions"):
            return json_answer({"object": "list", "data": [{"id": "m", "object": "model"}]})
        if kind == "failing":
            await asyncio.sleep(0.01)
            return json_answer({"error": {"message": "out of order"}}, 500)
        seconds = mean * math.exp(drawn.gauss(0, SIGMA) - SIGMA**2 / 2)
        async with places:
            await asyncio.sleep(seconds)
        return json_answer(_REPLY)

    return LoopbackServer(answer)


async def main(mean: float) -> None:
    """Serve until standard input ends."""
    servers = [server("good", mean, number) for number in range(GOOD)]
    servers += [server("slow", mean * SLOW, 90), server("failing", mean, 91)]
    async with contextlib.AsyncExitStack() as stack:
        for one in servers:
            await stack.enter_async_context(one)
        dead = f"http://127.0.0.1:{free_port()}"
        print(json.dumps([*(one.url for one in servers), dead]), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
