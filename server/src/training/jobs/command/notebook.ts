/** How a notebook is run: by nbclient, which Jupyter's own tools and papermill run them by. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandSpec } from '../rules.ts';
import type { CommandFolder } from './folder.ts';

/** What an environment that is made for a notebook gets beside what its files ask for. */
export const notebookPackages: readonly string[] = ['nbclient', 'ipykernel'];

/** A copy with larger pictures than that is compared by its bytes. */
export const largestNotebook = 64 * 1_048_576;

/** The path of the notebook, when it is one that is to be run. */
export const notebookOf = ({ command }: Pick<CommandSpec, 'command'>): string | null =>
  command.length === 1 && command[0]?.endsWith('.ipynb') ? command[0] : null;

/** The command that runs it; the copy with its outputs is among the outputs of the job. */
export async function runNotebook(notebook: string, folder: CommandFolder): Promise<string[]> {
  const path = join(folder.path, 'notebook.py');
  await writeFile(path, script);
  return ['python3', path, notebook, join(folder.outputs, notebook)];
}

const script = String.raw`"""Runs a notebook and keeps the copy with its outputs, also when a cell fails: notebook.py NOTEBOOK COPY"""
import json
import os
import re
import signal
import sys

try:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    import ipykernel  # noqa: F401  without it there is nothing that runs the cells
except ImportError as error:
    sys.exit(
        f"{error.msg} in {sys.executable}: a notebook needs nbclient and ipykernel. "
        "Install them (pip install nbclient ipykernel), or name what the notebook needs in a requirements.txt: they are added to it."
    )


def is_tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def inject(notebook, parameters):
    """As papermill does: behind the cell tagged 'parameters', or else before all others."""
    cells = [cell for cell in notebook.cells if not is_tagged(cell, "injected-parameters")]
    if parameters:
        lines = ["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())]
        cell = nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]})
        if notebook.nbformat_minor < 5:
            del cell["id"]
        at = next((i + 1 for i, each in enumerate(cells) if is_tagged(each, "parameters")), 0)
        cells.insert(at, cell)
    notebook.cells = cells


def show(cell, **_):
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            stream = sys.stderr if output.name == "stderr" else sys.stdout
            stream.write(output.text)
            stream.flush()
        elif output.output_type == "error":
            print(re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback)), file=sys.stderr)


def last_words(notebook):
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                first = next((line for line in cell.source.splitlines() if line.strip()), "")
                return f"Cell {number} ('{first[:80]}') failed: {output.ename}: {output.evalue}"
    return None


def main(source, copy):
    try:
        notebook = nbformat.read(source, as_version=4)
    except OSError as error:
        sys.exit(f"{source}: {error.strerror}")
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        sys.exit(f"{source} is no notebook: {str(error).splitlines()[0][:300]}")
    with open(os.environ["TIDEMILL_PARAMS"], encoding="utf-8") as file:
        parameters = json.load(file)["params"]
    names = [name for name in parameters if not name.isidentifier()]
    if names:
        sys.exit(f"'{names[0]}' cannot name a variable of the notebook; parameters of notebooks are names such as learning_rate.")
    inject(notebook, parameters)
    spec = notebook.metadata.get("kernelspec", {})
    # Whatever its author called the environment: this one is to run it.
    kernel = "python3" if spec.get("language", "python") == "python" else spec["name"]
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name=kernel,
        resources={"metadata": {"path": os.path.dirname(source) or "."}},
        on_cell_executed=show,
    )
    failure = None
    # Told to stop: the copy is written all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("The notebook was ended."))
    try:
        client.execute()
    except CellExecutionError:
        failure = last_words(notebook)
    except DeadKernelError:
        failure = "The kernel died: often the system had no memory left."
    finally:
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        nbformat.write(notebook, copy)
    if failure:
        sys.exit(failure)


main(*sys.argv[1:])
`;
