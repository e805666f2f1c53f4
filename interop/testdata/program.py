"""A program as users write them: it subscribes, exposes a function and waits.

program.py NAME sync or async connects to REMBUS_BASE_URL and prints a line for each
message.
"""

import asyncio
import sys

import rembus

name, api = sys.argv[1:]


def alarm(*args):
    print("alarm", *args, flush=True)


def add(x, y):
    return x + y


def synchronous():
    component = rembus.node(name)
    component.subscribe(alarm, rembus.protocol.LastReceived)
    component.expose(add)
    print("waiting", flush=True)
    component.wait()


async def asynchronous():
    component = await rembus.component(name)
    await component.subscribe(alarm, rembus.protocol.LastReceived)
    await component.expose(add)
    print("waiting", flush=True)
    await component.wait()


if api == "sync":
    synchronous()
else:
    asyncio.run(asynchronous())
