#!/bin/sh
# Installs one service into a folder of its own, as the image holds it:
#
#   deploy/image/build.sh <service> <folder>
#
# Run by the Dockerfile's first stage and, without any container, by tests/deploy. The folder must not exist, and is at
# its final place: a virtual environment cannot be moved. Downloads are checked against the hashes in requirements/, and
# nothing of them is built from source; only our own distributions are.
set -eu
service=$1
target=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tools live elsewhere: the image's own environment holds no installer.
python3 -m venv "$work/tools"
"$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  --only-binary :all: --require-hashes -r "$root/requirements/image.txt"
python3 -m venv --without-pip "$target"
pip() {
  "$work/tools/bin/uv" pip "$@" --quiet --python "$target/bin/python"
}

# Copies and not links: a cache that is cleaned must not empty the image. Compiled, since nothing can be written later.
export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
pip install --no-build --require-hashes -r "$root/requirements/$service.txt"

for member in shared/contracts shared/kit "services/$service"; do
  # Built from a copy: the source may be mounted read-only, and must not be littered.
  cp -R "$root/$member" "$work/member"
  (cd "$work/member" && "$work/tools/bin/python" -m hatchling build -t wheel -d "$work/wheels" >/dev/null 2>&1)
  rm -rf "$work/member"
done
pip install --no-index --no-deps "$work"/wheels/*.whl

# Fails when a distribution misses what it asks for, or has it in a version that does not fit.
pip check

# The two processes, as commands.
for process in api worker; do
  cat >"$target/bin/$process" <<END
#!/bin/sh
# In-flight requests get 25 s, as long as a worker's loops. Idle connections live longer than the 60 s that proxies
# keep theirs: a connection closed from this side while a request is on its way in is a request without an answer.
exec uvicorn --factory $service.main:build_$process --host 0.0.0.0 --port "\${PORT:-8080}" --no-access-log \\
  --timeout-graceful-shutdown 25 --timeout-keep-alive 75
END
  chmod 755 "$target/bin/$process"
done

# What is in the image beside Debian's packages, which scanners find by themselves.
"$work/tools/bin/cyclonedx-py" environment --output-reproducible --output-format JSON --spec-version 1.6 \
  --output-file "$target/sbom.cdx.json" "$target/bin/python"
