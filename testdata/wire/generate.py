"""Writes cbor.json, the golden vectors of the CBOR wire, with Python's cbor2.

    python3 -m pip install cbor2==6.2.1
    python3 testdata/wire/generate.py

The bytes are another program's, so that the Go codec is not compared with
itself. Each message vector has the frame and what a decoder must find in it:

    end       which end decodes it: "broker" or "component"
    fields    type, qos, slot, id, topic, target, status, data, pin, ...;
              bytes are hex; a field that is not there is absent or null
    origin    our encoder, given the fields, writes exactly these bytes
    out       or it writes these instead, because clients break on the others
    error     "malformed": the connection ends; else the status of the refusal
"""

import datetime
import json
import math
import pathlib
import struct

import cbor2

NAME = {0: "IDENTITY", 1: "PUB", 2: "RPC", 3: "ADMIN", 4: "RESPONSE", 5: "ACK", 6: "ACK2",
        9: "UNREGISTER", 10: "REGISTER", 11: "ATTESTATION"}
ID8 = bytes(range(1, 9))
ID1, ID3, ID16 = b"\x07", b"abc", bytes(range(16))
IDS = {"id8": ID8, "id1": ID1, "id3": ID3, "id16": ID16, "id8zero": bytes(8)}
FRAME = cbor2.CBORTag(80, bytes(range(40)))

messages = []


def add(name, raw, end="broker", **more):
    if not isinstance(raw, bytes):
        raw = cbor2.dumps(raw)
    messages.append({"name": name, "hex": raw.hex(), "end": end, **more})


def fields(kind, mid=None, data=None, **more):
    f = {"type": kind, **more}
    if mid is not None:
        f["id"] = mid.hex()
    if data is not None:
        f["data"] = cbor2.dumps(data).hex()
    return f


def slot_of(mid):
    return int.from_bytes((mid + bytes(4))[:4], "little")


ARGS = {
    "none": [],
    "positional": [1, 2.5, "text", True, None, b"\x00\xff"],
    "map": [{"temperature": 18.5, "pressure": 1013}],
    "frame": [FRAME],
    "frame alone": FRAME,
    "one value": 42,
    "map alone": {"x": 1},
}

# PUB, every flag and width of id.
for name, args in ARGS.items():
    add(f"PUB QoS0 {name}", [1, "a/b", args], fields=fields(1, data=args, topic="a/b"), origin=True)
for name, mid in IDS.items():
    for flags, qos, slotted in ((0x10, 1, False), (0x30, 2, False), (0x40, 0, True), (0x50, 1, True), (0x70, 2, True)):
        f = fields(1, mid if qos else None, ["v"], topic="a/b", qos=qos)
        if slotted:
            f["slot"] = slot_of(mid)
        more = {"origin": True}
        if qos == 0 and (len(mid) != 8 or mid == bytes(8)):
            # clients take only ids of 8 bytes that are not zero
            ours = slot_of(mid).to_bytes(4, "little") + b"\1\0\0\0"
            more = {"out": cbor2.dumps([1 | flags, ours, "a/b", ["v"]]).hex()}
        elif qos == 0:
            more = {"pass": True}
        add(f"PUB flags 0x{flags:02x} {name}", [1 | flags, mid, "a/b", ["v"]], fields=f, **more)

# Null data goes to clients as no arguments.
add("PUB QoS0 null", [1, "a/b", None], fields=fields(1, topic="a/b"), out=cbor2.dumps([1, "a/b", []]).hex())
add("PUB QoS0 undefined", [1, "a/b", cbor2.undefined], fields=fields(1, topic="a/b"),
    out=cbor2.dumps([1, "a/b", []]).hex())
add("PUB QoS1 null", [0x11, ID8, "a/b", None], fields=fields(1, ID8, topic="a/b", qos=1),
    out=cbor2.dumps([0x11, ID8, "a/b", []]).hex())
add("PUB QoS0 slot null", [0x41, ID8, "a/b", None], fields=fields(1, topic="a/b", slot=slot_of(ID8)),
    out=cbor2.dumps([0x41, ID8[:4] + b"\1\0\0\0", "a/b", []]).hex())
add("RPC null", [2, ID8, "m", None, None], fields=fields(2, ID8, topic="m"),
    out=cbor2.dumps([2, ID8, "m", None, []]).hex())

# A delivery of a space, as a component receives it.
add("PUB of a space", [1, "k/*/y", ["k/e/y", "v"]], "component",
    fields=fields(1, data=["k/e/y", "v"], topic="k/*/y"), origin=True)
add("PUB QoS1 of a space", [0x11, ID8, "**", ["k/e/y", "v"]], "component",
    fields=fields(1, ID8, ["k/e/y", "v"], topic="**", qos=1), origin=True)

# Every other row, with every width of id.
for name, mid in IDS.items():
    both = ("broker", "component")
    add(f"IDENTITY {name}", [0, mid, "meter.plant"], fields=fields(0, mid, topic="meter.plant"), origin=True)
    add(f"IDENTITY with meta {name}", [0, mid, "meter", {"v": 1}], fields=fields(0, mid, topic="meter"))
    add(f"IDENTITY url {name}", [0, mid, "ws://127.0.0.1:8338/site/meter?x=/y"],
        fields=fields(0, mid, topic="site/meter", url="ws://127.0.0.1:8338/site/meter?x=/y"), origin=True)
    for end in both:
        add(f"RPC {name} {end}", [2, mid, "add", None, [1, 2]], end, fields=fields(2, mid, [1, 2], topic="add"), origin=True)
        add(f"RESPONSE {name} {end}", [4, mid, 0, {"x": 1}], end, fields=fields(4, mid, {"x": 1}, status=0), origin=True)
        add(f"ACK {name} {end}", [5, mid], end, fields=fields(5, mid), origin=True)
        add(f"ACK2 {name} {end}", [6, mid], end, fields=fields(6, mid), origin=True)
        add(f"ADMIN {name} {end}", [3, mid, "a/*", {"cmd": "subscribe", "msg_from": math.inf}], end,
            fields=fields(3, mid, {"cmd": "subscribe", "msg_from": math.inf}, topic="a/*"), origin=True)
    add(f"RPC with target {name}", [2, mid, "add", "server", [1, 2]],
        fields=fields(2, mid, [1, 2], topic="add", target="server"), origin=True)
    add(f"UNREGISTER {name}", [9, mid], fields=fields(9, mid), origin=True)
    add(f"UNREGISTER with cid {name}", [9, mid, "meter"], fields=fields(9, mid, topic="meter"))
    add(f"REGISTER {name}", [10, mid, "meter", "12ab34cd", b"KEY", 1],
        fields=fields(10, mid, topic="meter", pin="12ab34cd", key=b"KEY".hex(), key_type=1), origin=True)
    add(f"ATTESTATION {name}", [11, mid, "meter", b"SIG"],
        fields=fields(11, mid, topic="meter", signature=b"SIG".hex()), origin=True)
    add(f"ATTESTATION with meta {name}", [11, mid, "meter", b"SIG", {}],
        fields=fields(11, mid, topic="meter", signature=b"SIG".hex()))

for status in (0, 10, 11, 20, 40, 41, 42, 43, 44, 45, 46, 47, 60):
    add(f"RESPONSE status {status}", [4, ID8, status, "why"], "component",
        fields=fields(4, ID8, "why", status=status), origin=True)
add("RESPONSE without data", [4, ID8, 0], fields=fields(4, ID8, status=0), out=cbor2.dumps([4, ID8, 0, None]).hex())
add("RESPONSE null", [4, ID8, 0, None], fields=fields(4, ID8, status=0), origin=True)
add("RESPONSE frame", [4, ID8, 0, FRAME], fields=fields(4, ID8, FRAME, status=0), origin=True)
add("RESPONSE challenge", [4, ID8, 11, bytes(32)], "component", fields=fields(4, ID8, bytes(32), status=11), origin=True)
add("ADMIN reactive", [3, ID8, "__config__", {"cmd": "reactive", "status": True}],
    fields=fields(3, ID8, {"cmd": "reactive", "status": True}, topic="__config__"), origin=True)
add("ADMIN data of another type", [3, ID8, "t", "subscribe"], fields=fields(3, ID8, "subscribe", topic="t"), origin=True)
add("RPC flags are ignored", [0x12, ID8, "m", None, []], fields=fields(2, ID8, [], topic="m"),
    out=cbor2.dumps([2, ID8, "m", None, []]).hex())
add("REGISTER ECDSA", [10, ID8, "meter", "12ab34cd", b"KEY", 2],
    fields=fields(10, ID8, topic="meter", pin="12ab34cd", key=b"KEY".hex(), key_type=2), origin=True)
add("REGISTER of rembus.js", [10, ID16, "meter", None, cbor2.CBORTag(64, b"KEY"), 1],
    fields=fields(10, ID16, topic="meter", pin="03020100", key=b"KEY".hex(), key_type=1))
add("REGISTER of rembus.js, tenant", [10, ID16, "meter.acme", "acme", cbor2.CBORTag(64, b"KEY"), 1],
    fields=fields(10, ID16, topic="meter.acme", pin="03020100", key=b"KEY".hex(), key_type=1))
add("ATTESTATION of rembus.js", [11, ID16, "meter", cbor2.CBORTag(64, b"SIG")],
    fields=fields(11, ID16, topic="meter", signature=b"SIG".hex()))

# Written in other ways than the shortest.
def item(x):
    return cbor2.dumps(x)


plain = item([1, "a/b", ["v"]]).hex()
add("PUB indefinite outer array", b"\x9f\x01" + item("a/b") + item(["v"]) + b"\xff",
    fields=fields(1, data=["v"], topic="a/b"), out=plain)
add("PUB wide outer array", b"\x98\x03\x01" + item("a/b") + item(["v"]), fields=fields(1, data=["v"], topic="a/b"), out=plain)
add("PUB wide type byte", b"\x83\x18\x01" + item("a/b") + item(["v"]), fields=fields(1, data=["v"], topic="a/b"), out=plain)
add("PUB wide topic", b"\x83\x01\x79\x00\x03a/b" + item(["v"]), fields=fields(1, data=["v"], topic="a/b"), out=plain)
add("RPC wide heads", b"\x9a\x00\x00\x00\x05\x19\x00\x02\x58\x08" + ID8 + b"\x78\x01m\xf6\x80",
    fields=fields(2, ID8, [], topic="m"), out=cbor2.dumps([2, ID8, "m", None, []]).hex())
for name, data in {
    "indefinite arguments": b"\x9f\x01\x02\xff",
    "indefinite map": b"\x81\xbf\x61x\x01\xff",
    "indefinite text": b"\x81\x7f\x61a\x61b\xff",
    "indefinite bytes": b"\x81\x5f\x41a\x41b\xff",
    "map head of rembus.js": b"\x81\xb9\x00\x01\x61x\x01",
    "record of rembus.js": b"\x81\xd9\xdf\xff\x83\x19\xe0\x00\x81\x61x\x01",
    "infinity": b"\x81\xf9\x7c\x00",
    "float16": b"\x81\xf9\x3e\x00",
    "float32": b"\x81\xfa\x3f\xc0\x00\x00",
    "wide integer of Julia": b"\x81\x1b\x00\x00\x00\x00\x00\x00\x00\x01",
    "tuple of Julia": b"\xd8\x1b\x83" + item("Julia/Tuple{Int64, Int64}") + item(b"\x00") + b"\x82\x01\x02",
}.items():
    add(f"PUB {name}", b"\x83\x01\x63a/b" + data, fields={"type": 1, "topic": "a/b", "data": data.hex()}, **{"pass": True})

# Refused: this message, or the connection.
add("PUB to a space", [1, "a/*", []], error=10)
add("PUB QoS1 to a space", [0x11, ID8, "a/*", []], error=10, id=ID8.hex())
add("PUB with a flag of its own", [0x21, ID8, "a", []], error=10, id=ID8.hex())
add("PUB flags without id", [0x11, "a/b", []], error="malformed")
add("PUB of two items", [1, "a/b"], error="malformed")
add("PUB with an id and no flag", [1, ID8, "a/b", []], error=10)
add("PUB QoS1 of five items", [0x11, ID8, "a/b", [], 1], error=10, id=ID8.hex())
add("RPC of four items", [2, ID8, "m", None], error=10, id=ID8.hex())
add("RPC target of a number", [2, ID8, "m", 5, []], error=10, id=ID8.hex())
add("ADMIN of three items", [3, ID8, "t"], error=10, id=ID8.hex())
add("ADMIN topic of a number", [3, ID8, 5, {}], error=10, id=ID8.hex())
add("RESPONSE status of text", [4, ID8, "0", None], error=10)
add("RESPONSE status 256", [4, ID8, 256, None], error=10)
add("ACK of three items", [5, ID8, 1], error=10)
add("ACK without id", [5], error="malformed")
add("ACK id of 17 bytes", [5, bytes(17)], error="malformed")
add("ACK id empty", [5, b""], error="malformed")
add("ACK id of a number", [5, 77], error="malformed")
add("IDENTITY empty cid", [0, ID8, ""], error=10, id=ID8.hex())
add("IDENTITY url without name", [0, ID8, "ws://127.0.0.1:8338/"], error=10, id=ID8.hex())
add("IDENTITY cid of a number", [0, ID8, 5], error=10, id=ID8.hex())
add("REGISTER key type 3", [10, ID8, "meter", "12ab34cd", b"KEY", 3], error=10, id=ID8.hex())
add("REGISTER key of text", [10, ID8, "meter", "12ab34cd", "KEY", 1], error=10, id=ID8.hex())
add("ATTESTATION signature of text", [11, ID8, "meter", "SIG"], error=10, id=ID8.hex())
add("ACK with flags", [0x15, ID8], error=10)
for kind in (7, 8, 12, 13, 14, 15):
    add(f"type {kind}", [kind, ID8, "x"], error=10, id=ID8.hex())
add("no array", {"type": 1}, error="malformed")
add("empty array", [], error="malformed")
add("type of text", ["1", "a", []], error="malformed")
add("type 256", [256, ID8], error="malformed")
add("trailing byte", item([5, ID8]) + b"\x00", error="malformed")
add("cut", item([1, "a/b", [1, 2, 3]])[:-1], error="malformed")
add("empty frame", b"", error="malformed")

# Values, with what they decode to: the Go type and its text.
values = []


def value(name, x, want, same=True):
    raw = x if isinstance(x, bytes) and name.startswith("raw") else cbor2.dumps(x)
    values.append({"name": name, "hex": raw.hex(), "want": want, "same": same})


for n in (0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, -1, -24, -25, -256, -257, -65537, -(2**32), -(2**63)):
    value(f"integer {n}", n, f"int64 {n}")
value("integer 2^63", 2**63, f"uint64 {2**63}")
value("integer 2^64-1", 2**64 - 1, f"uint64 {2**64-1}")
value("integer 2^64", 2**64, f"*big.Int {2**64}")
value("integer -2^63-1", -(2**63) - 1, f"*big.Int {-2**63-1}", same=True)
value("integer -2^64-1", -(2**64) - 1, f"*big.Int {-2**64-1}")
value("float 1.5", 1.5, "float64 1.5")
value("float 1e300", 1e300, "float64 1e+300")
value("infinity", math.inf, "float64 +Inf")
value("-infinity", -math.inf, "float64 -Inf")
value("nan", math.nan, "float64 NaN")
value("raw float16", b"\xf9\x3e\x00", "float64 1.5", same=False)
value("raw float32", b"\xfa" + struct.pack(">f", 0.5), "float64 0.5", same=False)
value("text", "grüße", "string grüße")
value("bytes", b"\x00\xff", "[]uint8 [0 255]")
value("true", True, "bool true")
value("null", None, "<nil> <nil>")
value("raw undefined", b"\xf7", "<nil> <nil>", same=False)
value("array", [1, "a", []], "[]interface {} [1 a []]")
value("map", {"a": 1}, "map[string]interface {} map[a:1]")
value("map of integers", {1: "a", 2: "b"}, "map[string]interface {} map[1:a 2:b]", same=False)
value("map of mixed keys", {-1: 1, True: 2, b"\x01": 3, 1.5: 4}, "map[string]interface {} map[-1:1 1.5:4 AQ==:3 true:2]",
      same=False)
value("time", datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
      "time.Time 2026-01-02 03:04:05 +0000 UTC")
value("time in seconds", cbor2.CBORTag(1, 1767323045), "time.Time 2026-01-02 03:04:05 +0000 UTC", same=False)
value("time in parts of seconds", cbor2.CBORTag(1, 1767323045.5), "time.Time 2026-01-02 03:04:05.5 +0000 UTC", same=False)
value("DataFrame", cbor2.CBORTag(80, b"\x01\x02"), "protocol.DataFrame [1 2]")
value("set", cbor2.CBORTag(258, [1, 2]), "[]interface {} [1 2]", same=False)
value("raw record", b"\xd9\xdf\xff\x84\x19\xe0\x00\x82\x61x\x61y\x01\x02", "map[string]interface {} map[x:1 y:2]", same=False)
value("raw records with the same keys", b"\x82\xd9\xdf\xff\x83\x19\xe0\x00\x81\x61x\x01\xd9\xe0\x00\x81\x05",
      "[]interface {} [map[x:1] map[x:5]]", same=False)
value("raw record in a record", b"\xd9\xdf\xff\x83\x19\xe0\x00\x81\x61x\xd9\xdf\xff\x83\x19\xe0\x01\x81\x61y\x05",
      "map[string]interface {} map[x:map[y:5]]", same=False)
value("raw map head of rembus.js", b"\xb9\x00\x01\x61x\x01", "map[string]interface {} map[x:1]", same=False)
value("raw indefinite", b"\x9f\xbf\x61a\x01\xff\x7f\x61a\x61b\xff\x5f\x41\x01\xff\xff",
      "[]interface {} [map[a:1] ab [1]]", same=False)

target = pathlib.Path(__file__).with_name("cbor.json")
with target.open("w", encoding="utf-8") as out:
    out.write('{\n"messages": [\n')
    out.write(",\n".join(json.dumps(m, ensure_ascii=False) for m in messages))
    out.write('\n],\n"values": [\n')
    out.write(",\n".join(json.dumps(v, ensure_ascii=False) for v in values))
    out.write("\n]\n}\n")
