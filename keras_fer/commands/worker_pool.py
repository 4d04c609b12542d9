"""The same work on many things, in several processes, in order."""

import collections
import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures.process import BrokenProcessPool

# In a worker process: what makes the worker, and the worker once made.
_state = {}


def in_order(make_worker, tasks, num_workers):
    """Answers tasks one after another, or several at a time.

    Few tasks are under way at any time, so that memory does not grow with
    their number. A task that ends its process (a decoder that crashes, too
    little memory) is tried once more on its own.

    Args:
        make_worker: picklable function without arguments that gives what
            answers a task; called once in each process.
        tasks: iterable of picklable things.
        num_workers: how many processes; 1 works in this one.

    Yields:
        (task, answer), in the order of the tasks; the answer is None for a
        task that ended its process twice.
    """
    if num_workers == 1:
        worker = make_worker()
        for task in tasks:
            yield task, worker(task)
        return
    tasks, waiting = iter(tasks), collections.deque()
    others = set(multiprocessing.active_children())
    pool = _pool(make_worker, num_workers)
    try:
        while True:
            while len(waiting) < 2 * num_workers:
                task = next(tasks, None)
                if task is None:
                    break
                waiting.append((task, _submit(pool, task)))
            if not waiting:
                return
            task, future = waiting.popleft()
            try:
                yield task, future.result()
            except BrokenProcessPool:
                pool.shutdown()
                begun = [task, *(task for task, _ in waiting)]
                waiting.clear()
                for task in begun:
                    yield task, _alone(make_worker, task)
                pool = _pool(make_worker, num_workers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()


def _pool(make_worker, num_workers):
    return concurrent.futures.ProcessPoolExecutor(
        num_workers,
        # A fork would inherit the threads of whatever is loaded.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(make_worker, num_workers),
    )


def _submit(pool, task):
    """A future, broken at once if the pool is."""
    try:
        return pool.submit(_answer, task)
    except BrokenProcessPool as error:
        future = concurrent.futures.Future()
        future.set_exception(error)
        return future


def _alone(make_worker, task):
    with _pool(make_worker, 1) as pool:
        try:
            return pool.submit(_answer, task).result()
        except BrokenProcessPool:
            return None


def _start(make_worker, num_workers):
    # Ctrl-C reaches all processes; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threads = max(1, (os.cpu_count() or 1) // num_workers)
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))
    _state["make"] = make_worker


def _end_with_parent():
    """A killed parent says nothing, and its workers would wait for ever."""
    sentinel = multiprocessing.parent_process().sentinel
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _answer(task):
    # Made here, not in `_start`, whose errors would only break the pool.
    if "worker" not in _state:
        _state["worker"] = _state["make"]()
    return _state["worker"](task)
