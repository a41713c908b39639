#!/bin/sh
# Resolves every requirement file, for every platform and Python from 3.11 on, with hashes.
set -eu
uv=$1
flags="--quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url"
printf 'uv\n' | $uv pip compile $flags -o bootstrap.txt -
printf 'hatchling\neditables\n' > build.in
$uv pip compile $flags --extra postgres -o runtime.txt ../pyproject.toml build.in
$uv pip compile $flags --extra lab --extra postgres -o demo.txt ../pyproject.toml build.in
$uv pip compile $flags --extra lab --extra postgres --group ../pyproject.toml:dev -o dev.txt ../pyproject.toml build.in
rm build.in
