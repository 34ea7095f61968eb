"""`python -m dashboard`: serve the dashboard until interrupted, or work on stored predictions, see COMMANDS."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.server.process import keep_to
from dashboard.settings import Settings, SettingsError, load_settings
from model.console import speak_utf8

if TYPE_CHECKING:
    from dashboard.services import Services
    from dashboard.store import Store
    from dashboard.store.subjects import Subject


def main(arguments: Sequence[str] = ()) -> int:
    """Do what the command line says; 0 when it was done, 1 when it found something, 2 when it could not be done."""
    speak_utf8()
    options = dashboard_parser().parse_args(arguments)
    settings = load_settings()
    try:
        keep_to(settings.data_dir)
    except OSError as error:
        print(f"The data folder {settings.data_dir} cannot be used: {error.strerror}.", file=sys.stderr)
        return 2
    match options.command:
        case "serve":
            from dashboard.serve import start_server

            return start_server(settings)
        case "user" | "token":
            return account_command(settings, options)
        case command if command in SERVICES:
            return services_command(settings, options)
        case _:
            return store_command(settings, options)


def dashboard_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Serve the dashboard until interrupted, or work on stored predictions.",
    )
    parser.set_defaults(command="serve", file=None)
    commands = parser.add_subparsers(title="commands")
    for name, description in COMMANDS.items():
        subparser = commands.add_parser(name, help=description, description=description)
        subparser.set_defaults(command=name)
        if name in ACTIONS or name == "subject-data":
            subparser.add_argument("file", type=Path, metavar="FILE")
        if name in ("erase", "subject-data"):
            subparser.add_argument("--patient", metavar="NAME", help="the identifier")
            subparser.add_argument(
                "--lesion",
                metavar="NAME",
                help="of the patient; of nobody who is named, exactly as it was given",
            )
        if name == "add":
            subparser.add_argument("folder", type=Path, metavar="FOLDER")
            subparser.add_argument("--table", type=Path, required=True, metavar="FILE")
            subparser.add_argument("--model", metavar="NAME", help="of a bundle; the default one if left out")
    add_account_commands(commands)
    return parser


COMMANDS = {
    "serve": "serve the dashboard until interrupted, as without a command",
    "backup": "write everything to FILE (a TAR), which must not exist yet; the server may keep running",
    "restore": "put a backup into an empty data folder",
    "import": "put the predictions of a backup into this store, beside those that are there",
    "export": "write predictions to FILE (.csv, .parquet, .jsonl), or the confirmed cases (.zip) to train on",
    "check": "look for what is wrong with settings, bundles, database, photographs and audit trail, and say what to do",
    "add": "predict and store the photographs of FOLDER with what a table says of each: patient, lesion, date ...",
    "sweep": "move what is older than the setting allows to the bin, and delete for good what was in it for 30 days",
    "subject-data": "write everything that is stored of a patient or lesion to FILE (a ZIP)",
    "erase": "delete everything of a patient or lesion for good, with photographs and what the audit trail quotes",
    "worker": "predict again what jobs ask for, until interrupted; servers do so, too, each in one thread",
    "recheck": "predict every stored photograph again and list the benign results that change; nothing is stored",
}


def add_account_commands(commands: Any) -> None:
    """`user ...` and `token ...`."""
    from dashboard.users.roles import Permission, Role

    about = "look after users: who may log in, and as what"
    user = commands.add_parser("user", help=about, description=about)
    user.set_defaults(command="user")
    actions = user.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, what in USER_ACTIONS.items():
        parser = actions.add_parser(action, help=what, description=what)
        if action != "list":
            parser.add_argument("name", metavar="NAME")
        if action in ("add", "role"):
            parser.add_argument("--role", required=True, choices=list(map(str, Role)))
    about = "look after tokens: what programs show instead of a password"
    token = commands.add_parser("token", help=about, description=about)
    token.set_defaults(command="token")
    actions = token.add_subparsers(dest="action", required=True, metavar="ACTION")
    parser = actions.add_parser("add", help="make a token for a user and print it: it is shown this once")
    parser.add_argument("name", metavar="USER")
    parser.add_argument("--days", type=int, required=True, help="how long it lasts")
    parser.add_argument("--label", default="", help="what people know it by")
    parser.add_argument(
        "--may",
        action="append",
        choices=list(map(str, Permission)),
        help="allow only this of what the user's role allows; may be given several times",
    )
    actions.add_parser("list", help="list the tokens")
    parser = actions.add_parser("revoke", help="end a token")
    parser.add_argument("id", metavar="ID", help="as the list says")


USER_ACTIONS = {
    "add": "add a user; the password comes from the terminal, or from standard input where that is none",
    "list": "list the users",
    "role": "give a user another role",
    "password": "give a user another password, let the account in again and end its sessions",
    "unlock": "let an account in again that rests after wrong passwords",
    "off": "let nobody in with an account until it is switched on again",
    "on": "switch an account on again",
    "remove": "take a user's account away, with sessions and tokens",
}


def account_command(settings: Settings, options: argparse.Namespace) -> int:
    """Run a command that works on users or tokens."""
    from dashboard.store import StoreError, open_store
    from dashboard.users.accounts import UserError
    from dashboard.users.commands import run_token_command, run_user_command

    run = run_user_command if options.command == "user" else run_token_command
    try:
        store = open_store(settings.data_dir, settings.database_url, settings.image_store)
        try:
            for line in run(store, settings, options):
                print(line)
        finally:
            store.close()
    except (UserError, StoreError) as error:
        print(f"Nothing was done.\n{error}", file=sys.stderr)
        return 2
    return 0


def store_command(settings: Settings, options: argparse.Namespace) -> int:
    """Run a command that works on the store."""
    from dashboard.diagnoses import known_diagnoses
    from dashboard.store import StoreError, open_store
    from dashboard.users.trail import Trail
    from model.bundle import find_bundles

    try:
        known = known_diagnoses(find_bundles(settings.bundles))
        store = open_store(settings.data_dir, settings.database_url, settings.image_store, known)
        try:
            if options.command == "check":
                return check_store(settings, store)
            print(ACTIONS[options.command](store, options.file))
            if options.command in ("backup", "export") and settings.auth != "none":
                taken = f"{options.command} {options.file.name}"
                Trail(store).write("command line", "exported", taken[:64])
        finally:
            store.close()
    except StoreError as error:
        print(f"Nothing was done.\n{error}", file=sys.stderr)
        return 2
    return 0


def backup_store(store: "Store", file: Path) -> str:
    """Everything to a file."""
    from dashboard.store.backup import write_backup
    from dashboard.store.restore import backup_times

    done, (_, ends) = write_backup(store, file), backup_times(file)
    lost = f" {done.missing:,} files were missing." if done.missing else ""
    return (
        f"{done.predictions:,} predictions with {done.files:,} files are in {file}; {done.binned:,} cases in the bin "
        f"and {done.users:,} users, too.{lost} Delete it after {ends:%d %b %Y}, or what is deleted here lives on in it."
    )


def restore_store(store: "Store", file: Path) -> str:
    """A backup into an empty store."""
    from dashboard.store.restore import backup_times, restore_backup
    from dashboard.store.schema import utc_now
    from dashboard.users.trail import Trail

    done, (written, ends) = restore_backup(store, file), backup_times(file)
    Trail(store).write("command line", "restored", text=f"a backup of {written:%Y-%m-%d %H:%M} UTC")
    lost = f" {done.missing:,} files were missing in the backup." if done.missing else ""
    late = f" It should have been deleted by {ends:%d %b %Y}." if ends < utc_now() else ""
    return (
        f"{done.predictions:,} predictions are here again, {done.binned:,} cases in the bin and {done.users:,} users."
        f"{lost}\nThe backup is of {written:%d %b %Y, %H:%M} UTC.{late} What was deleted or erased since is here "
        "again, and users, roles and tokens are as they were then: delete, erase and revoke once more. Every "
        "installed model is in use: retire once more those that were."
    )


def import_into_store(store: "Store", file: Path) -> str:
    """A backup into a store that has predictions."""
    from dashboard.store.restore import import_backup

    done = import_backup(store, file)
    gone = f" {done.deleted:,} were deleted here and stay deleted." if done.deleted else ""
    return f"{done.predictions:,} predictions are new; {done.known:,} were here already and stay as they are.{gone}"


def export_store(store: "Store", file: Path) -> str:
    """A table of all predictions, or the dataset of the confirmed ones."""
    from zipfile import ZipFile

    from dashboard.store import Query
    from dashboard.store.export import LEFT_OUT, write_export

    write_export(store, Query(), file)
    if file.suffix != ".zip":
        return f"{file} is written."
    with ZipFile(file) as dataset:
        return f"{file} is written. {dataset.read(LEFT_OUT).decode().strip()}"


def check_store(settings: Settings, store: "Store") -> int:
    """Everything that is wrong with settings, bundles and the store."""
    from dashboard.inspection import everything_wrong
    from dashboard.jobs.recheck import prediction_line, titled_list
    from dashboard.shell.text import OUTCOMES
    from dashboard.store.outcomes import no_longer_benign

    number = 0
    for finding in everything_wrong(settings, store):
        number += 1
        print(f"{finding.problem}\n  -> {finding.advice}", flush=True)
    print(f"{number:,} things are wrong." if number else "Everything is there and can be read.")
    changed = [
        f"{prediction_line(one)}: {OUTCOMES[one.outcome].short.lower()}" for one in no_longer_benign(store)
    ]
    for line in titled_list("benign results have another outcome since an update:", changed):
        print(line)
    return 1 if number else 0


def services_command(settings: Settings, options: argparse.Namespace) -> int:
    """Run a command that works on cases."""
    from dashboard.services import ModelUnavailable, build_services
    from dashboard.store import Conflict, InputError, NotFound, StoreError

    try:
        services = build_services(settings)
        try:
            return SERVICES[options.command](services, options)
        finally:
            services.store.close()
    except (Conflict, InputError, ModelUnavailable, NotFound, SettingsError, StoreError) as error:
        print(f"Nothing was done.\n{error}", file=sys.stderr)
        return 2


def recheck_cases(services: "Services", _options: argparse.Namespace) -> int:
    """Every stored photograph once more."""
    from dashboard.jobs.recheck import recheck_report

    lines = list(recheck_report(services))
    print("\n".join(lines))
    return 1 if len(lines) > 1 else 0


def add_folder(services: "Services", options: argparse.Namespace) -> int:
    """The photographs of a folder, with a table."""
    from dashboard.cases import COMMAND_LINE
    from dashboard.jobs.add_folder import add_rows, read_rows

    stored = known = failed = 0
    for done in add_rows(COMMAND_LINE, services, options.folder, read_rows(options.table), options.model):
        stored, known = stored + (not done.problem and not done.known), known + done.known
        failed += bool(done.problem)
        if done.problem or done.remark:
            print(f"{done.file}: {done.problem or done.remark}", flush=True)
    print(f"{stored:,} photographs are stored, {known:,} were here already, {failed:,} are not stored.")
    return 1 if failed else 0


def work_on_jobs(services: "Services", _options: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C, and end what was begun."""
    from dashboard.jobs.worker import Jobs
    from dashboard.logs import configure_log

    configure_log(services.settings.log)
    jobs = Jobs(services)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: jobs.stop())
    names = ", ".join(f"{bundle.name} {bundle.card.version}" for bundle in services.runnable) or "no model"
    print(f"Waiting for jobs for {names}  (Ctrl-C stops it)", flush=True)
    jobs.work()
    return 0


def sweep_now(services: "Services", _options: argparse.Namespace) -> int:
    """What the server does once a day."""
    from dashboard.cases import sweep_cases

    retired, gone = sweep_cases(services)
    print(f"{retired:,} cases went to the bin, {gone:,} were deleted for good.")
    return 0


def subject_of(options: argparse.Namespace) -> "Subject":
    """Whose data are meant. Raises NotFound where nobody is named."""
    from dashboard.store import NotFound
    from dashboard.store.subjects import Subject

    if not (options.patient or options.lesion):
        raise NotFound("Name a patient with --patient, a lesion with --lesion, or both.")
    return Subject(options.patient or None, options.lesion or None)


def erase_now(services: "Services", options: argparse.Namespace) -> int:
    """Everything of a patient or lesion, for good."""
    from dashboard.cases import COMMAND_LINE
    from dashboard.patients import erase_subject

    erased = erase_subject(COMMAND_LINE, services, subject := subject_of(options))
    print("\n".join((f"{len(erased):,} cases and records of the {subject} are erased.", *erased)))
    return 0


def write_subject(services: "Services", options: argparse.Namespace) -> int:
    """Everything of a patient or lesion as one file."""
    from dashboard.cases import COMMAND_LINE
    from dashboard.patients import subject_file
    from dashboard.store.places import new_file

    with new_file(options.file) as file:
        file.writelines(subject_file(COMMAND_LINE, services, subject_of(options)))
    print(f"{options.file} is written.")
    return 0


SERVICES: "dict[str, Callable[[Services, argparse.Namespace], int]]" = {
    "add": add_folder,
    "worker": work_on_jobs,
    "recheck": recheck_cases,
    "sweep": sweep_now,
    "erase": erase_now,
    "subject-data": write_subject,
}
ACTIONS: "dict[str, Callable[[Store, Path], str]]" = {
    "backup": backup_store,
    "restore": restore_store,
    "import": import_into_store,
    "export": export_store,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
