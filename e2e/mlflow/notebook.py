"""Runs the code cells of a notebook in order, as Jupyter would, and prints the names that are asked for as JSON.

    python notebook.py NOTEBOOK.ipynb NAME...
"""

import json
import os
import sys

path, *names = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    cells = [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]
os.chdir(os.path.dirname(os.path.abspath(path)))
space = {"__name__": "__main__"}
for number, cell in enumerate(cells, 1):
    exec(compile("".join(cell["source"]), f"cell {number}", "exec"), space)


def plain(value):
    return json.loads(value.to_json()) if hasattr(value, "to_json") else value


print(json.dumps({name: plain(space[name]) for name in names}))
