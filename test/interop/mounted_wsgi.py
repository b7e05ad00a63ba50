# A WSGI server that says which of its mounted applications serves a path, as Werkzeug's DispatcherMiddleware
# mounts them. Arguments: the contexts. Prints its port.
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

contexts = sys.argv[1:]


def application(environ, start_response):
    script = environ['PATH_INFO']
    while '/' in script and script not in contexts:
        script = script.rsplit('/', 1)[0]
    found = script in contexts
    fields = [('Content-Length', '0')] + ([('X-Context', script)] if found else [])
    start_response('200 OK' if found else '404 Not Found', fields)
    return [b'']


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Server(WSGIServer):
    request_queue_size = 128


server = make_server('127.0.0.1', 0, application, Server, Quiet)
print(server.server_port, flush=True)
server.serve_forever()
