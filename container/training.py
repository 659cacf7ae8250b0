"""Run one training job: read its configuration, fit, save the model whole or not at all, report why it fails."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from container.contract.environment import Job, Paths, is_live_terminal, read_job, read_paths
from container.contract.outcome import STOPPED_STATUS, Outcome
from container.job.failure import explain_end, repeat_on_stderr, report_failure
from container.job.inputs import assign_inputs
from container.job.log import JobLog
from container.job.outputs import check_outputs, remove_leftovers, write_model, write_report
from container.job.program import Program, ResultT, Task
from container.job.stop import StopRequest
from container.job.terminal import LiveLog
from container.job.timeline import Timeline
from container.team.companions import start_companions
from container.team.team import Team


def run_job(
    environ: Mapping[str, str],
    program: Program[ResultT],
    stop: StopRequest | None = None,
    timeline: Timeline | None = None,
) -> int:
    """Run the job described by `environ`, log where its time went, and return its exit status.

    A user's fault is reported as one message without a traceback. A stopped job returns 0 with the model that the
    program has by then, or 143 without a model if it raises KeyboardInterrupt. Reports are written last; if that fails
    it is only a warning. All of several hosts return the same outcome.
    """
    paths = read_paths(environ)
    log = JobLog("algo-1", program.title, sys.stdout, on_warning=partial(repeat_on_stderr, paths))
    task = Task(log, stop or StopRequest(), timeline or Timeline())
    try:
        _attempt_job(environ, program, task)
        outcome = Outcome(0)
    except (Exception, KeyboardInterrupt) as error:
        outcome = explain_end(error, task, program.user_errors, paths)
    if outcome.status and task.team is not None:
        outcome = task.team.agree_on_outcome(outcome)
    return _finish_job(outcome, paths, task)


def _finish_job(outcome: Outcome, paths: Paths, task: Task) -> int:
    """Log how the job ended and its timeline, write output/failure if it failed, and return the exit status."""
    task.log.close()
    if outcome.status == STOPPED_STATUS:
        task.log.warning(outcome.reason)
        return STOPPED_STATUS
    if outcome.status:
        report_failure(paths, outcome.reason, task.log)
    if task.timeline.seconds_by_part:
        if outcome.status:
            task.timeline.record_lap("unfinished")
        task.log.info(f"Time line: {task.timeline}")
    return outcome.status


def _attempt_job(environ: Mapping[str, str], program: Program[ResultT], task: Task) -> None:
    """Run the job to its end, whatever it raises."""
    with suppress(OSError):
        read_paths(environ).failure_file.unlink()
    job = read_job(environ, program.report_switch)
    if job.is_leader:
        remove_leftovers(job.paths)
    task.log = _create_log(job, program.title, is_live_terminal(environ, sys.stdout))
    if len(job.hosts) > 1:
        task.team = Team(job, task.log.info)
        _join_team(task.team, program, task, job.paths)
    if job.is_leader:
        check_outputs(job)
    assign_inputs(job, program, task)
    task.raise_if_stopped()
    task.timeline.record_lap("start")
    result = program.fit(task)
    is_stopped = task.stop.is_honoured if task.team is None else task.team.announce_done(task.stop.is_honoured)
    if job.is_leader:
        write_model(partial(program.save, result), job)
    if task.checkpoint_file is not None and not is_stopped:
        task.checkpoint_file.remove_latest()
    if task.team is not None:
        task.team.end_successfully()
    task.timeline.record_lap("save")
    if program.report is not None and job.is_leader and job.wants_report:
        write_report(partial(program.report, result, task), job.paths, task.log)
        task.timeline.record_lap("report")


def _create_log(job: Job, title: str, with_bar: bool) -> JobLog:
    """Create the log of this host; with `with_bar` the leader's log shows a progress bar on the terminal."""
    if with_bar and job.is_leader:
        return LiveLog(job.current_host, title, sys.stdout)
    return JobLog(job.current_host, title, sys.stdout, job.is_leader, partial(repeat_on_stderr, job.paths))


def _join_team(team: Team, program: Program[ResultT], task: Task, paths: Paths) -> None:
    """Wait for the other hosts, start the companion processes and watch all of them; exit this process if one fails."""
    hangs = f"AlgorithmError: the training process of host {team.host!r} hangs."

    def end_process(outcome: Outcome) -> None:
        _finish_job(outcome, paths, task)
        sys.stdout.flush()
        os._exit(outcome.status)  # our companions end with us

    team.wait_for_hosts(task.raise_if_stopped)
    companions = start_companions(program.roles(team), lambda: report_failure(paths, hangs, task.log))
    team.watch_in_background(companions, end_process)
