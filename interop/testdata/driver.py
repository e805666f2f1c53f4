"""Plays any number of components for the tests, with the real client.

Each line of standard input is a command, {"n": number, "c": component, "op": name, ...};
each line of standard output is its outcome, {"n": number, "result": ...} or
{"n": number, "error": ...}, or something that happened to a component,
{"c": component, "on": "message" or "call", "topic": ..., "args": [...]}.
The first line says the version of the client.
"""

import asyncio
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cbor2
import pandas as pd
import polars as pl
import rembus
from rembus.protocol import RembusError

ENCODINGS = {"cbor": rembus.protocol.CBOR, "json": rembus.protocol.JSON}

writing = threading.Lock()


def plain(value: Any) -> Any:
    """What JSON has no form for."""
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, pd.DataFrame):
        value = pl.from_pandas(value)
    if isinstance(value, pl.DataFrame):
        return {"rows": value.to_dicts()}
    if isinstance(value, cbor2.CBORTag):
        return {"tag": value.tag}
    return {"repr": repr(value)}


def say(event: dict[str, Any]) -> None:
    line = json.dumps(event, default=plain)
    with writing:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def described(error: BaseException) -> dict[str, Any]:
    """The error as the user of the client sees it, and what it came from."""
    out = {"kind": type(error).__name__, "text": str(error)}
    if isinstance(error, RembusError):
        out["status"] = error.status
        out["message"] = error.message
    if error.__cause__ is not None:
        out["cause"] = described(error.__cause__)
    return out


class Component:
    """A component of the asynchronous or of the synchronous API."""

    def __init__(self, key: str, api: str):
        self.key = key
        self.sync = api == "sync"
        self.handle: Any = None
        self.released = threading.Event()

    async def call(self, method, *args, **kwargs):
        if self.sync:
            return await asyncio.to_thread(method, *args, **kwargs)
        return await method(*args, **kwargs)

    async def open(self, url: str, enc: str):
        make = rembus.node if self.sync else rembus.component
        self.handle = await self.call(make, url, enc=ENCODINGS[enc])

    async def close(self):
        self.released.set()
        if self.handle is not None:
            await self.call(self.handle.close)

    async def subscribe(self, topic, since=None):
        def received(*args):
            say({"c": self.key, "on": "message", "topic": topic, "args": args})

        since = {None: rembus.protocol.Now, "last": rembus.protocol.LastReceived}.get(since, since)
        await self.call(self.handle.subscribe, received, since, topic)

    async def unsubscribe(self, topic):
        await self.call(self.handle.unsubscribe, topic)

    async def expose(self, topic, behaviour):
        async def served(*args):
            say({"c": self.key, "on": "call", "topic": topic, "args": args})
            if behaviour == "wait":
                await asyncio.to_thread(self.released.wait)
            return BEHAVIOURS[behaviour](*args)

        await self.call(self.handle.expose, served, topic)

    async def unexpose(self, topic):
        await self.call(self.handle.unexpose, topic)

    async def release(self):
        """Lets the exposed functions that wait go on."""
        self.released.set()

    async def publish(self, topic, args=(), put=False, **options):
        method = self.handle.put if put else self.handle.publish
        await self.call(method, topic, *args, **options)

    async def rpc(self, topic, args=(), target=None):
        if target is None:
            return await self.call(self.handle.rpc, topic, *args)
        return await self.call(self.handle.direct, target, topic, *args)

    async def reactive(self, status):
        await self.call(self.handle.reactive if status else self.handle.unreactive)

    async def setting(self, topic, command):
        await self.handle.setting(topic, command)


def fail(text):
    def function(*_):
        raise ValueError(text)

    return function


BEHAVIOURS = {
    "echo": lambda *args: list(args),
    "sum": lambda x, y: x + y,
    "nothing": lambda *_: None,
    "fail": fail("no such luck"),
    "fail silently": fail(""),
    "wait": lambda *_: "released",
}


class Driver:
    """The components by their keys."""

    def __init__(self):
        self.components: dict[str, Component] = {}

    async def open(self, c, url, api, enc):
        component = Component(c, api)
        await component.open(url, enc)
        self.components[c] = component

    async def close(self, c):
        await self.components.pop(c).close()

    async def execute(self, n, op, c, **params):
        try:
            if op in ("open", "close"):
                result = await getattr(self, op)(c, **params)
            else:
                result = await getattr(self.components[c], op)(**params)
            say({"n": n, "result": result})
        except Exception as error:  # whatever the client throws is a result
            say({"n": n, "error": described(error)})


async def main():
    # Each call of the synchronous API holds a thread until it returns.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))
    driver = Driver()
    tasks = set()
    say({"on": "ready", "version": rembus.__version__})
    while line := await asyncio.to_thread(sys.stdin.readline):
        task = asyncio.create_task(driver.execute(**json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    os._exit(0)  # what the tests left open must not hold us up


if __name__ == "__main__":
    asyncio.run(main())
