"""`python -S fork_client.py SOCKET MODULE ARGUMENTS...`: run a module in a child of `isolation.fork_server`.

It stands for that child: its streams and environment are the child's, it ends as that does, and when it is killed the
child is killed too. Where there is no such server, it becomes that program itself.
"""

import json
import os
import signal
import socket
import sys

with socket.socket(socket.AF_UNIX) as server:
    try:
        server.connect(f"\0{sys.argv[1]}")
    except OSError:
        os.execv(sys.executable, [sys.executable, "-P", "-m", *sys.argv[2:]])
    asked = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
    text = json.dumps(asked).encode()
    socket.send_fds(server, [b"%8d" % len(text)], [0, 1, 2])
    server.sendall(text)
    for stream in (0, 1, 2):
        os.close(stream)  # the child's alone: who reads its output sees its end
    status = json.loads(server.recv(16) or b"1")
if status < 0:
    if -status not in (signal.SIGKILL, signal.SIGSTOP):  # whose handling cannot be set
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
