"""The operator's own Python modules are found where the service is started."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_module_in_the_folder_of_the_start_is_found_behind_all_else(tmp_path):
    (tmp_path / "operators_own.py").write_text("NAME = 'found'\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('this must not hide the library')\n")
    program = (
        "import sys, importlib\n"
        "sys.path[:] = [entry for entry in sys.path if entry]\n"
        "from orchestrator import bootstrap\n"
        "from orchestrator.settings import Settings\n"
        "settings = Settings(data_dir='data', python_modules=('operators_own',))\n"
        "bootstrap.build(settings, runs_steps=True)\n"
        "print(importlib.import_module('operators_own').NAME)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-"],
        input=program,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "found", done.stderr
