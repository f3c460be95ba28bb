"""What a child answers, whatever happens in it."""

from __future__ import annotations

import pytest
from child_modules import ChildMaker, failure
from helpers import PluginMaker

from edgebench.core.errors import DiskFull
from edgebench.isolation.process import ask


def test_what_libraries_print_does_not_disturb(child: ChildMaker) -> None:
    module = child("""
        print('a library says hello', flush=True)
        os.write(1, b'{"not": "an answer"}\\n')
        subprocess.run(['echo', 'from a child of the child'])
        yield {'answer': 1}
        print('and goodbye')
        yield {'answer': 2}
    """)
    assert list(ask(module, {}, 30)) == [{"answer": 1}, {"answer": 2}]


def test_what_is_not_json_is_a_crash(child: ChildMaker) -> None:
    assert str(failure(child("yield {'score': float('nan')}"))).startswith("ValueError: Out of range float")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("raise DiskFull('no space left on /x: free some')", "no space left on /x: free some"),
        ("raise OSError(errno.ENOSPC, 'No space left on device', 'logits.npy')", "no space left for"),
    ],
)
def test_a_full_disk_is_passed_on(child: ChildMaker, code: str, text: str) -> None:
    with pytest.raises(DiskFull, match=text):
        list(ask(child(code), {}, 30))
    assert str(failure(child("raise OSError(errno.EACCES, 'No entry')"))).startswith("PermissionError")


def test_signs_of_life_put_off_the_timeout(plugin: PluginMaker) -> None:
    code = (
        "import time\nfrom edgebench.isolation.child import answer_with, say\n"
        "def handle(request):\n    for i in range(5):\n        time.sleep(0.6)\n        say({'done': i})\n"
        "    yield {'status': 'ok'}\n"
        "if __name__ == '__main__':\n    answer_with(handle)\n"
    )
    plugin("slowly", code, "")
    answers = list(ask("slowly", {}, 2.8))
    assert answers == [{"done": i} for i in range(5)] + [{"status": "ok"}]


def test_ctrl_c_is_the_parents_alone(child: ChildMaker) -> None:
    module = child("""
        os.kill(os.getpid(), signal.SIGINT)
        yield {'answer': 1}
    """)
    assert list(ask(module, {}, 30)) == [{"answer": 1}]
