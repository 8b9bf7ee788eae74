#!/usr/bin/env bash
# Compiles requirements/*.txt: one file for development, one for each service's image. Hashed, for every platform, and
# naming no registry, so that they install from any mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { # output, inputs...
  local out=$1; shift
  uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
    --no-emit-package madoguchi-contracts --no-emit-package madoguchi-kit --no-emit-package madoguchi-events -o "$out" "$@"
}
compile requirements/dev.txt requirements/dev.in shared/*/pyproject.toml services/*/pyproject.toml deploy/{events,stack}/pyproject.toml
for service in services/*/; do
  name=$(basename "$service")
  compile "requirements/$name.txt" "$service/pyproject.toml" shared/*/pyproject.toml -c requirements/dev.txt
done
compile deploy/samples/python/requirements.txt deploy/samples/python/requirements.in -c requirements/dev.txt
compile requirements/image.txt requirements/image.in
