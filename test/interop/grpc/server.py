"""The service echo.Echo by grpcio: server.py NAME. Prints its port; ends in peace on SIGTERM."""

import signal
import sys
import threading
from concurrent import futures

import grpc

name = sys.argv[1].encode()


def unary(request, context):
    return name + b" " + request


def collect(requests, context):
    return b"".join(requests)


def repeat(request, context):
    text, times = request.split(b" ")
    for i in range(int(times)):
        yield text + str(i).encode()


def talk(requests, context):
    yield from requests


handler = grpc.method_handlers_generic_handler(
    "echo.Echo",
    {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Repeat": grpc.unary_stream_rpc_method_handler(repeat),
        "Talk": grpc.stream_stream_rpc_method_handler(talk),
    },
)
server = grpc.server(futures.ThreadPoolExecutor(32))
server.add_generic_rpc_handlers((handler,))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
print(port, flush=True)
ended.wait()
server.stop(10).wait()
