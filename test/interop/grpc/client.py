"""Calls of all four kinds from grpcio: client.py ADDRESS SECONDS [AUTHORITY_FILE]. Prints one line of JSON with the counts."""

import json
import sys
import threading
import time

import grpc


def call_all(channel, counts, errors, until):
    unary = channel.unary_unary("/echo.Echo/Unary")
    collect = channel.stream_unary("/echo.Echo/Collect")
    repeat = channel.unary_stream("/echo.Echo/Repeat")
    talk = channel.stream_stream("/echo.Echo/Talk")
    while time.monotonic() < until:
        try:
            assert unary(b"hi", timeout=10).endswith(b" hi")
            counts["unary"] += 1
            assert collect(iter([b"a", b"b", b"c"]), timeout=10) == b"abc"
            counts["collect"] += 1
            assert len(list(repeat(b"x 20", timeout=10))) == 20
            counts["repeat"] += 1
            assert list(talk(iter([b"1", b"2"]), timeout=10)) == [b"1", b"2"]
            counts["talk"] += 1
        except Exception as error:  # every failure is reported
            errors.append(repr(error)[:400])


def main():
    address, seconds = sys.argv[1], float(sys.argv[2])
    if len(sys.argv) > 3:
        with open(sys.argv[3], "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        channel = grpc.secure_channel(address, credentials)
    else:
        channel = grpc.insecure_channel(address)
    counts = {"unary": 0, "collect": 0, "repeat": 0, "talk": 0}
    errors = []
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=call_all, args=(channel, counts, errors, until))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"counts": counts, "errors": errors}))


main()
