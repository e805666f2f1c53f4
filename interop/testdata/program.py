"""A program as users write them: it subscribes, exposes a function and waits.

program.py NAME connects to REMBUS_BASE_URL and prints a line for each message.
"""

import sys

import rembus


def alarm(*args):
    print("alarm", *args, flush=True)


def add(x, y):
    return x + y


component = rembus.node(sys.argv[1])
component.subscribe(alarm, rembus.protocol.LastReceived)
component.expose(add)
print("waiting", flush=True)
component.wait()
print("ended", flush=True)
