"""A worker that other processes can import: it squares numbers."""

import os


def make_worker(log, fatal=()):
    log.with_name(f"{log.name}.{os.getpid()}").touch()

    def answer(number):
        if number in fatal:
            os._exit(1)
        if number == "wrong":
            raise ValueError("a wrong number")
        return number**2, os.getpid()

    return answer
