"""The page on adding a finding and a cause, followed word by word in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-finding-and-a-cause.md"
_STEP = re.compile(r"^## \d\. .*?(?=^## \d|\Z)", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"```(?:python|toml)\n(.*?)```", re.DOTALL)
_WRITE = re.compile(r"(?:Write|Add to) `([^`]+)`")
_LIST = re.compile(r"List it in `([^`]+)`: import `(\w+)`, and add `([^`]+)` to\s+`(\w+)`")


def follow(copy: Path) -> list[str]:
    """The files that the page makes or changes, changed."""
    touched = []
    for step in _STEP.findall(PAGE.read_text(encoding="utf-8")):
        block, target = _BLOCK.search(step), _WRITE.search(step)
        if block is not None and target is not None:
            file = copy / target[1]
            before = file.read_text(encoding="utf-8") if file.suffix == ".toml" else ""
            file.write_text(before + block[1], encoding="utf-8")
            touched.append(target[1])
        listed = _LIST.search(step)
        if listed is not None:
            file, module, member, name = copy / listed[1], *listed.groups()[1:]
            package = ".".join(Path(listed[1]).parent.parts[1:])
            text = file.read_text(encoding="utf-8")
            text = text.replace(
                f"from {package} import (\n", f"from {package} import (\n    {module},\n"
            )
            text = re.sub(rf"(?m)^({name}: .*= \()$", rf"\1\n    {member}", text)
            file.write_text(text, encoding="utf-8")
            touched.append(listed[1])
    return touched


def test_a_reader_adds_a_finding_and_a_cause(tmp_path: Path) -> None:
    for part in ("src", "tests/unit"):
        skipped = shutil.ignore_patterns("__pycache__", "static")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=skipped)
    for file in ("pyproject.toml", "tests/__init__.py"):
        if (ROOT / file).exists():
            shutil.copy(ROOT / file, tmp_path / file)
    touched = follow(tmp_path)
    assert len(touched) == len(set(touched)) == 7, touched
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *(file for file in touched if file.startswith("tests/")),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout
