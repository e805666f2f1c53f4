"""Writes json.json: values as Python's cbor2 and json modules write them.

Run with cbor2 installed: python3 generate_json.py
"""

import base64
import json
import math
import pathlib

import cbor2
from cbor2 import CBORSimpleValue, CBORTag, undefined

HERE = pathlib.Path(__file__).parent

# JSON texts; the CBOR is what cbor2 makes of what json reads.
TEXTS = [
    "null", "true", "false",
    "0", "1", "23", "24", "255", "256", "65535", "65536", "4294967295", "4294967296",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "18446744073709551616", "340282366920938463463374607431768211455",
    "-1", "-24", "-25", "-256", "-257", "-65536", "-65537", "-4294967296", "-4294967297",
    "-9223372036854775808", "-9223372036854775809", "-18446744073709551616",
    "-18446744073709551617", "-340282366920938463463374607431768211456",
    "0.0", "-0.0", "1.0", "1.5", "-2.25", "0.1", "1e3", "1E-7", "1.7976931348623157e308", "5e-324",
    "123456789.123456789", "1e21", "1e-6", "123e20",
    '""', '"a"', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f"',
    '"' + "x" * 23 + '"', '"' + "x" * 24 + '"', '"' + "y" * 300 + '"',
    "[]", "[1,2,3]", "[[],[[]],{}]", "{}", '{"b":1,"a":2}', '{"":null,"\\u0061b":[1,{"c":2.5}]}',
    json.dumps(list(range(23))), json.dumps(list(range(24))), json.dumps(list(range(300))),
    json.dumps({f"k{i}": i for i in range(30)}),
    ' { "a" :\n[ 1 ,\t2 ]\r} ',
]

# Values; the JSON is what plain() and json make of what cbor2 reads.
VALUES = [
    b"", b"\x00", b"\xfb\xff\xfe", bytes(range(256)),
    [b"ab", "ab", 1.5, 1.0, -0.0, None, undefined],
    [math.nan, math.inf, -math.inf],
    [1e20, 1e21, 1e22, 1e-6, 1e-7, 123456.789, 5e-324],
    {"b": 1, "a": [2]}, {1: "a", -7: "b", True: "c", None: "d", b"k": "e"},
    [2**64, -(2**64), -(2**64) - 1, 2**127, 2**800, -(2**800)],
    CBORTag(42, ["inside"]), CBORTag(55799, {"a": CBORTag(4000, 1)}),
    CBORTag(80, b"arrow"), [CBORTag(80, b"arrow")],
    CBORTag(27, ["Tuple{Int64}", b"", [1, "x"]]), [CBORTag(27, ["Julia/Tuple", b"\x01", [[1]]])],
    CBORTag(27, ["other", 1]),
    CBORTag(57343, [57344, ["a", "b"], 1, [2]]),
    [CBORTag(57343, [57344, ["a", "b"], 1, 2]), CBORTag(57344, [3, 4]), CBORTag(57344, [5, 6])],
    CBORTag(0, "2026-11-20T12:30:00Z"), CBORTag(1, 1763641800),
    [CBORSimpleValue(19), CBORSimpleValue(255)],
    "\x00\x1f\x7f\u0080\u2028\U0001f600\"\\/",
]

# CBOR that cbor2 does not write itself, as hexadecimal.
FOREIGN = [
    "9f0102ff", "bf616101616202ff", "5f4101420203ff", "7f6161626262ff", "9fff", "bfff", "5fff", "7fff",
    "1800", "190001", "1a00000001", "1b0000000000000001", "3bffffffffffffffff", "980101", "b801616101",
    "f93c00", "f97e00", "f97c00", "fa3dcccccd", "fb3ff0000000000000", "c24100", "c240", "c34100",
    "c25f41014102ff", "d8505f414142414cff",
]


def plain(v):
    """The JSON side of a value, as the package's doc says it."""
    match v:
        case bool() | None | str():
            return v
        case float():
            return v if math.isfinite(v) else None
        case int():
            return v
        case bytes():
            return base64.b64encode(v).decode()
        case list() | tuple():
            return [plain(x) for x in v]
        case dict():
            return {key(k): plain(x) for k, x in v.items()}
        case CBORTag(tag=27, value=[str(name), _, list(args)]) if "Tuple" in name:
            return plain(args)
        case CBORTag():
            return plain(v.value)
        case _:
            return None  # undefined and simple values


def key(k):
    match k:
        case bool():
            return json.dumps(k)
        case None:
            return "null"
        case bytes():
            return base64.b64encode(k).decode()
        case _:
            return str(k)


def records(v, known=None):
    """Replaces the records of rembus.js by dicts."""
    known = {} if known is None else known
    match v:
        case CBORTag(tag=57343, value=[ident, names, *values]):
            known[ident] = names
            return {n: records(x, known) for n, x in zip(names, values)}
        case CBORTag(tag=tag, value=values) if tag in known:
            return {n: records(x, known) for n, x in zip(known[tag], values)}
        case list():
            return [records(x, known) for x in v]
    return v


def main():
    to_cbor = [{"json": t, "cbor": cbor2.dumps(json.loads(t)).hex()} for t in TEXTS]
    to_json = []
    for v in VALUES:
        to_json.append({"cbor": cbor2.dumps(v).hex(), "json": json.dumps(plain(records(v)))})
    for h in FOREIGN:
        data = bytes.fromhex(h)
        to_json.append({"cbor": data.hex(), "json": json.dumps(plain(cbor2.loads(data)))})
    out = {"to_cbor": to_cbor, "to_json": to_json}
    (HERE / "json.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
